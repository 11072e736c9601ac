namespace RideTracking.Faults.Processes;

/// <summary>The clock of a machine that is set wrong; what it measures is right.</summary>
internal sealed class OffsetClock(TimeSpan offset) : TimeProvider
{
    public override DateTimeOffset GetUtcNow() => System.GetUtcNow() + offset;
}
