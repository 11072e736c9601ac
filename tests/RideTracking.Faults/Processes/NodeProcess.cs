using System.Globalization;
using RideTracking.Faults.Links;
using RideTracking.Server.Tests.Fixtures;

namespace RideTracking.Faults.Processes;

/// <summary>One server node: a process of its own, with a link of its own to each Redis and one before its gRPC port.</summary>
internal sealed class NodeProcess : IDisposable
{
    private static readonly TimeSpan Drains = TimeSpan.FromSeconds(20);

    private const int MostOfLine = 400;

    private readonly string _logFile;
    private readonly string[] _arguments;
    private readonly string[] _settings;
    private ChildProcess? _process;

    /// <param name="name">What it is called.</param>
    /// <param name="folder">The data folder that all nodes share, so that each believes the same tokens.</param>
    /// <param name="stores">Its links to the store.</param>
    /// <param name="redis">How it is told where the store is.</param>
    /// <param name="options">The mistake that is planted in it, and what it waits for.</param>
    /// <param name="clockOffset">How far its machine's clock is off.</param>
    /// <param name="more">Settings beside those of all.</param>
    public NodeProcess(string name, string folder, IReadOnlyList<FaultyLink> stores, string redis, RigOptions options, TimeSpan clockOffset, params string[] more)
    {
        Name = name;
        Stores = stores;
        var (port, management) = (FreePort.Take(), FreePort.Take());
        Management = new Uri($"http://127.0.0.1:{management}");
        Clients = new FaultyLink(port);
        _logFile = Path.Combine(folder, name + ".log");
        _arguments =
        [
            Path.Combine(AppContext.BaseDirectory, "RideTracking.Faults.dll"), NodeCommand.Verb,
            $"{options.Plant}", string.Create(CultureInfo.InvariantCulture, $"{clockOffset.TotalMilliseconds:F0}"),
        ];
        _settings =
        [
            "--environment", "Development", "--data", folder, "--redis", redis, "--grpc-port", $"{port}", "--web-port", "0", "--management-port", $"{management}",
            .. NodeCommand.Settings, .. more, .. options.WaitsForReplica ? ["--Store:WaitForReplicas", "1"] : Array.Empty<string>(),
        ];
    }

    public string Name { get; }

    /// <summary>Its links to the store.</summary>
    public IReadOnlyList<FaultyLink> Stores { get; }

    /// <summary>The link by which clients reach it.</summary>
    public FaultyLink Clients { get; }

    public Uri Address => new($"http://127.0.0.1:{Clients.Port}");

    /// <summary>Where it tells its metrics.</summary>
    public Uri Management { get; }

    public int ProcessId => _process?.Id ?? throw new InvalidOperationException($"{Name} does not run.");

    /// <summary>What it is started as next.</summary>
    public NodeVersion Version { get; set; } = NodeVersion.This;

    public bool IsRunning => _process is not null;

    /// <summary>Starts it; complete when it serves.</summary>
    public async Task StartAsync()
    {
        _process = ChildProcess.Start("dotnet", [.. _arguments, $"{Version.Form}", .. _settings, .. Version.Settings], "Application started", _logFile);
        await _process.Ready;
    }

    /// <summary>What it has logged as an error, in all its lives: whatever goes wrong around it is none.</summary>
    public async Task<IEnumerable<string>> ErrorsAsync()
    {
        using var log = new StreamReader(new FileStream(_logFile, FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
        return (await log.ReadToEndAsync()).Split('\n').Where(line => line.Contains(" fail: ", StringComparison.Ordinal) || line.Contains(" crit: ", StringComparison.Ordinal))
            .Select(line => line.Length > MostOfLine ? line[..MostOfLine] : line);
    }

    /// <summary>SIGKILL.</summary>
    public void Kill()
    {
        _process?.Dispose();
        _process = null;
    }

    /// <summary>Stands still with all that it knows.</summary>
    public void Freeze() => _process?.Signal("STOP");

    /// <summary>Goes on.</summary>
    public void Thaw() => _process?.Signal("CONT");

    /// <summary>SIGTERM, as in a rolling upgrade; one that does not end in time is killed.</summary>
    public async Task StopAsync()
    {
        if (_process is not { } process)
        {
            return;
        }

        process.Signal("TERM");
        await process.EndsAsync(Drains);
        Kill();
    }

    public void Dispose()
    {
        Thaw();
        Kill();
        Clients.Dispose();
        foreach (var link in Stores)
        {
            link.Dispose();
        }
    }
}
