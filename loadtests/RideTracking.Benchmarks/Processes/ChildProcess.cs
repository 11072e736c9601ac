using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace RideTracking.Benchmarks.Processes;

/// <summary>A process that is measured from outside, ended with the benchmark.</summary>
internal sealed class ChildProcess : IAsyncDisposable
{
    private readonly Process _process;

    private ChildProcess(Process process) => _process = process;

    /// <summary>User and system time so far.</summary>
    public TimeSpan CpuTime
    {
        get
        {
            _process.Refresh();
            return _process.TotalProcessorTime;
        }
    }

    /// <summary>Memory that is resident just now.</summary>
    public long ResidentBytes
    {
        get
        {
            _process.Refresh();
            return _process.WorkingSet64;
        }
    }

    public int Id => _process.Id;

    /// <summary>Starts it and waits until it has said that it is ready.</summary>
    public static async Task<ChildProcess> StartAsync(string program, string readyWhenSaid, params string[] arguments)
    {
        var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true })!;
        var said = new List<string>();
        while (await process.StandardOutput.ReadLineAsync() is { } line)
        {
            said.Add(line);
            if (line.Contains(readyWhenSaid, StringComparison.Ordinal))
            {
                _ = PassComplaintsOnAsync(process.StandardOutput);
                return new ChildProcess(process);
            }
        }

        throw new InvalidOperationException($"{program} ended before it was ready:\n{string.Join('\n', said)}");
    }

    /// <summary>A port that was free a moment ago.</summary>
    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    // A server that complains is not one to measure; its other words would fill the pipe.
    private static async Task PassComplaintsOnAsync(StreamReader output)
    {
        const int linesOfOne = 4;
        for (var left = 0; await output.ReadLineAsync() is { } line; left--)
        {
            if (line.Contains("warn:", StringComparison.Ordinal) || line.Contains("fail:", StringComparison.Ordinal) || line.Contains("crit:", StringComparison.Ordinal))
            {
                left = linesOfOne;
            }

            if (left > 0)
            {
                await Console.Error.WriteLineAsync(line);
            }
        }
    }

    /// <summary>SIGKILL; complete when it is gone.</summary>
    public Task KillAsync()
    {
        _process.Kill();
        return _process.WaitForExitAsync();
    }

    /// <summary>SIGTERM; complete when it has ended by itself.</summary>
    public Task StopAsync()
    {
        using var kill = Process.Start("kill", ["-TERM", $"{Id}"]);
        return _process.WaitForExitAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        _process.Dispose();
    }
}
