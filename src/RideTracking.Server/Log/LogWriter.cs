namespace RideTracking.Server.Log;

/// <summary>Names one run of one node as a writer of the log; a restarted node is another writer, and so is one whom the store has forgotten. Thread-safe.</summary>
public sealed class LogWriter
{
    private volatile string _id = NewId();

    /// <summary>Its name.</summary>
    public string Id => _id;

    /// <summary>The store has forgotten it: what it wrote is no proof of what the store has.</summary>
    internal void Renew() => _id = NewId();

    private static string NewId() => Guid.NewGuid().ToString("N");
}
