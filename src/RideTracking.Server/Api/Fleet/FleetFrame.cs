using Google.Protobuf.WellKnownTypes;
using RideTracking.Engine.Fanout;
using RideTracking.Engine.Index;
using RideTracking.Server.Protocol;
using RideTracking.V1;

namespace RideTracking.Server.Api.Fleet;

/// <summary>
/// One message, filled again and again: a watcher of thousands of moving cars makes no garbage of them. Belongs to one
/// stream, which must have written it before it is filled anew.
/// </summary>
internal sealed class FleetFrame(DriverSlots slots)
{
    private readonly List<FleetDriver> _spare = [];

    /// <summary>The message to write.</summary>
    public WatchFleetResponse Message { get; } = new() { ServerTime = new Timestamp() };

    /// <summary>Replaces what the frame holds.</summary>
    public void Fill(ReadOnlySpan<ViewportChange> changes, DateTimeOffset now)
    {
        Message.Drivers.Clear();
        Message.LeftSlots.Clear();
        Message.Counts = null;
        Message.ServerTime.Seconds = now.ToUnixTimeSeconds();
        Message.ServerTime.Nanos = now.Millisecond * 1_000_000;
        while (_spare.Count < changes.Length)
        {
            _spare.Add(new FleetDriver());
        }

        for (var i = 0; i < changes.Length; i++)
        {
            ref readonly var change = ref changes[i];
            if (change.Kind == ViewportChangeKind.Left)
            {
                Message.LeftSlots.Add((uint)change.Driver.Slot);
            }
            else
            {
                Message.Drivers.Add(Describe(_spare[i], change, now));
            }
        }
    }

    private FleetDriver Describe(FleetDriver target, in ViewportChange change, DateTimeOffset now)
    {
        var driver = change.Driver;
        target.Slot = (uint)driver.Slot;
        target.DriverId = change.Kind == ViewportChangeKind.Entered ? slots.IdOf(driver.Slot) : "";
        target.LatitudeE7 = driver.Fix.LatitudeE7;
        target.LongitudeE7 = driver.Fix.LongitudeE7;
        if (float.IsNaN(driver.Fix.CourseDegrees))
        {
            target.ClearCourseDegrees();
        }
        else
        {
            target.CourseDegrees = (uint)MathF.Round(driver.Fix.CourseDegrees) % 360;
        }

        target.Availability = (V1.DriverAvailability)driver.Status.Availability;
        target.Work = (V1.DriverWork)driver.Status.Work;
        target.Link = (V1.DriverLink)driver.Status.Link;
        target.AgeMs = (uint)Math.Min(driver.Fix.AgeAt(now).TotalMilliseconds, uint.MaxValue);
        return target;
    }
}
