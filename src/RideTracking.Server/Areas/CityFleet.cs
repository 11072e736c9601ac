using System.Collections.Immutable;
using RideTracking.Engine.Dispatch;
using RideTracking.Engine.Fanout;
using RideTracking.Engine.Index;

namespace RideTracking.Server.Areas;

/// <summary>The area's drivers as memory has them: their numbers, where they are, and who follows them. Thread-safe.</summary>
public sealed class CityFleet(DriverSlots slots, DriverIndex index, PositionFanout fanout)
{
    // Slower than this a phone's course is noise.
    private const float MinCourseSpeedMetersPerSecond = 2;

    /// <summary>Their numbers.</summary>
    public DriverSlots Slots => slots;

    /// <summary>Where they are, and whether they are free.</summary>
    public DriverIndex Index => index;

    /// <summary>Why their newest rejected fixes were.</summary>
    public LastRejects Rejects { get; } = new();

    /// <summary>Who is told when that changes.</summary>
    public PositionFanout Fanout => fanout;

    /// <summary>What is known of a driver.</summary>
    public bool TryGet(string driverId, out DriverEntry driver) => TryGet(driverId, out _, out driver);

    /// <summary>What is known of a driver, and the number.</summary>
    public bool TryGet(string driverId, out int slot, out DriverEntry driver)
    {
        driver = default;
        return slots.TryGet(driverId, out slot) && index.TryGet(slot, out driver);
    }

    /// <summary>Holds a stream open to this node.</summary>
    public bool IsConnected(string driverId) => TryGet(driverId, out var driver) && driver.Status.Link == DriverLink.Connected;

    /// <summary>How many drivers hold a stream open of whom nothing is believed.</summary>
    public int CountUnseen() => Rejects.Unseen().Count(slot => index.TryGet(slot, out var driver) && driver.Status.Link == DriverLink.Connected);

    /// <summary>The places of those drivers whose place is known.</summary>
    public ImmutableArray<DriverPlace> PlacesOf(IEnumerable<string> driverIds)
    {
        var places = ImmutableArray.CreateBuilder<DriverPlace>();
        foreach (var driverId in driverIds)
        {
            if (TryGet(driverId, out var driver) && driver.HasFix)
            {
                var fix = driver.Fix;
                places.Add(new DriverPlace(
                    driverId, fix.Point, float.IsFinite(fix.CourseDegrees) && fix.SpeedMetersPerSecond >= MinCourseSpeedMetersPerSecond ? fix.CourseDegrees : null));
            }
        }

        return places.ToImmutable();
    }
}
