namespace RideTracking.Server.Log;

/// <summary>Names one run of one node as a writer of the log; a restarted node is another writer.</summary>
public sealed record LogWriterId(string Value)
{
    public static LogWriterId New() => new(Guid.NewGuid().ToString("N"));
}
