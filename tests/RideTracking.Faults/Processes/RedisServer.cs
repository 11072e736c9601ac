using System.Diagnostics;
using System.Globalization;
using StackExchange.Redis;

namespace RideTracking.Faults.Processes;

/// <summary>A redis-server of the rig's own, which keeps all that it has answered to.</summary>
internal sealed class RedisServer(string name, string folder, params string[] settings) : IDisposable
{
    private ChildProcess? _process;

    public string Name => name;

    public int Port { get; } = Server.Tests.Fixtures.FreePort.Take();

    public string Endpoint => string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{Port}");

    public bool IsRunning => _process is not null;

    /// <summary>Starts it with what it kept; complete when it takes connections.</summary>
    /// <param name="readyWhenSaid">What it says then.</param>
    /// <param name="more">Settings of this time only.</param>
    public async Task StartAsync(string readyWhenSaid = "Ready to accept connections", params string[] more)
    {
        var data = Directory.CreateDirectory(Path.Combine(folder, name)).FullName;
        _process = ChildProcess.Start(
            "redis-server",
            ["--bind", "127.0.0.1", "--port", $"{Port}", "--dir", data, "--save", "", "--appendonly", "yes", "--appendfsync", "always", .. settings, .. more],
            readyWhenSaid,
            Path.Combine(folder, name + ".log"));
        await _process.Ready;
    }

    /// <summary>SIGKILL.</summary>
    public void Kill()
    {
        _process?.Dispose();
        _process = null;
    }

    /// <summary>Stands still, as a machine does whose disk hangs.</summary>
    public void Freeze() => _process?.Signal("STOP");

    /// <summary>Goes on.</summary>
    public void Thaw() => _process?.Signal("CONT");

    /// <summary>Runs commands on it as its administrator, one after the other.</summary>
    public async Task AdministerAsync(string? password, params string[][] commands)
    {
        await using var admin = await ConnectAsync(password);
        foreach (var command in commands)
        {
            await admin.GetServer(Endpoint).ExecuteAsync(command[0], [.. command.Skip(1)]);
        }
    }

    /// <summary>Asks it alone, whoever else there is; lists come with a line for each.</summary>
    public async Task<string> AskAsync(params string[] command)
    {
        using var client = Process.Start(new ProcessStartInfo("redis-cli", ["-p", $"{Port}", .. command]) { RedirectStandardOutput = true })!;
        var answer = await client.StandardOutput.ReadToEndAsync();
        await client.WaitForExitAsync();
        return answer.TrimEnd('\n');
    }

    /// <summary>A connection past all links.</summary>
    public async Task<ConnectionMultiplexer> ConnectAsync(string? password = null) =>
        await ConnectionMultiplexer.ConnectAsync($"{Endpoint},allowAdmin=true,connectRetry=20,connectTimeout=2000" + (password is null ? "" : $",password={password}"));

    public void Dispose()
    {
        Thaw();
        Kill();
    }
}
