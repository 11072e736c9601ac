using System.Collections.Concurrent;
using System.Diagnostics;

namespace RideTracking.Faults.Processes;

/// <summary>A process of the rig's own: killed, frozen and started again as the schedule says; what it says goes to a file.</summary>
internal sealed class ChildProcess : IDisposable
{
    // Whoever ends the rig ends what it has started.
    private static readonly ConcurrentDictionary<ChildProcess, bool> Living = new();

    private readonly Process _process;
    private readonly TaskCompletionSource _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly StreamWriter _log;
    private readonly string _readyWhenSaid;
    private readonly string _logFile;

    static ChildProcess() => AppDomain.CurrentDomain.ProcessExit += (_, _) =>
    {
        foreach (var child in Living.Keys)
        {
            child._process.Kill();
        }
    };

    private ChildProcess(ProcessStartInfo start, string readyWhenSaid, string logFile)
    {
        (_readyWhenSaid, _logFile) = (readyWhenSaid, logFile);
        _log = new StreamWriter(new FileStream(logFile, FileMode.Append, FileAccess.Write, FileShare.ReadWrite)) { AutoFlush = true };
        _process = new Process { StartInfo = start };
        _process.OutputDataReceived += (_, line) => Said(line.Data);
        _process.ErrorDataReceived += (_, line) => Said(line.Data ?? "");
    }

    /// <summary>Starts it.</summary>
    public static ChildProcess Start(string program, IEnumerable<string> arguments, string readyWhenSaid, string logFile)
    {
        var child = new ChildProcess(
            new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true }, readyWhenSaid, logFile);
        child._process.Start();
        Living[child] = true;
        child._process.BeginOutputReadLine();
        child._process.BeginErrorReadLine();
        return child;
    }

    /// <summary>Completes when it has said that it is ready.</summary>
    /// <exception cref="InvalidOperationException">It ended before.</exception>
    public Task Ready => _ready.Task;

    public int Id => _process.Id;

    /// <summary>Sends it a signal, such as TERM, STOP or CONT.</summary>
    public void Signal(string name)
    {
        using var kill = Process.Start("kill", [$"-{name}", $"{_process.Id}"]);
        kill.WaitForExit();
    }

    /// <summary>SIGKILL, and waits for its end.</summary>
    public void Kill()
    {
        _process.Kill();
        _process.WaitForExit();
    }

    /// <summary>Waits until it ends by itself; false when it does not in time.</summary>
    public async Task<bool> EndsAsync(TimeSpan within)
    {
        try
        {
            await _process.WaitForExitAsync().WaitAsync(within);
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            Kill();
        }

        Living.TryRemove(this, out _);
        _process.Dispose();
        lock (_log)
        {
            _log.Dispose();
        }
    }

    private void Said(string? line)
    {
        if (line is null)
        {
            _ready.TrySetException(new InvalidOperationException($"A process ended before it was ready; see {_logFile}"));
            return;
        }

        if (line.Contains(_readyWhenSaid, StringComparison.Ordinal))
        {
            _ready.TrySetResult();
        }

        lock (_log)
        {
            if (_log.BaseStream is { CanWrite: true })
            {
                _log.WriteLine(line);
            }
        }
    }
}
