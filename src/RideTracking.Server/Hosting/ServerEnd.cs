namespace RideTracking.Server.Hosting;

/// <summary>Ends the server for what nothing here can mend: it stops as it does on a signal, and its process ends as failed. Thread-safe.</summary>
public sealed partial class ServerEnd(IHostApplicationLifetime lifetime, ILogger<ServerEnd> logger)
{
    private int _hasFailed;

    /// <summary>Whether it ended so.</summary>
    public bool HasFailed => Volatile.Read(ref _hasFailed) != 0;

    /// <summary>Ends the server.</summary>
    /// <param name="why">For whoever starts it again.</param>
    public void Fail(string why)
    {
        if (Interlocked.Exchange(ref _hasFailed, 1) == 0)
        {
            LogFailed(why);
            lifetime.StopApplication();
        }
    }

    [LoggerMessage(LogLevel.Critical, "The server ends: {Why}")]
    private partial void LogFailed(string why);
}
