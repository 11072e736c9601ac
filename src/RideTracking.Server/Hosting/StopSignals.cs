using System.Runtime.InteropServices;

namespace RideTracking.Server.Hosting;

/// <summary>Hears a signal to stop from the first moment on. The host hears it only once it starts: until then it would kill the process.</summary>
internal sealed class StopSignals : IDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly PosixSignalRegistration[] _heard;

    public StopSignals() =>
        _heard = [.. new[] { PosixSignal.SIGINT, PosixSignal.SIGQUIT, PosixSignal.SIGTERM }.Select(signal => PosixSignalRegistration.Create(signal, Hear))];

    /// <summary>Cancelled by the first signal.</summary>
    public CancellationToken Stop => _stop.Token;

    public void Dispose()
    {
        foreach (var heard in _heard)
        {
            heard.Dispose();
        }

        _stop.Dispose();
    }

    private void Hear(PosixSignalContext signal)
    {
        signal.Cancel = true;
        _stop.Cancel();
    }
}
