namespace RideTracking.Engine.Roads.Graph;

/// <summary>On which roads somebody gets in or out, and on which rather than on others.</summary>
internal static class StopRoads
{
    // What is beside a trunk road is mostly reached by another street.
    private const double TrunkReluctanceMeters = 40;

    // To and from a one-way one is led by long ways round, and an address is no more exact than this.
    private const double OneWayReluctanceMeters = 5;

    /// <summary>In no tunnel, on no motorway, its ramps and those of trunk roads.</summary>
    public static bool MayStopOn(in RoadSegment segment) =>
        segment.Class != RoadClass.Motorway && (segment.Flags & RoadFlags.Tunnel) == 0
        && !(segment.Class == RoadClass.Trunk && (segment.Flags & RoadFlags.Link) != 0);

    /// <summary>How much farther away than it is a road is taken to be, in metres.</summary>
    public static double ReluctanceMeters(in RoadSegment segment) =>
        (segment.Class == RoadClass.Trunk ? TrunkReluctanceMeters : 0) + (IsOneWay(segment) ? OneWayReluctanceMeters : 0);

    /// <summary>Whether one gets out on the side where the place is, when that is asked for: a main road of both directions. Smaller streets are crossed on foot.</summary>
    public static bool HasKerbSides(in RoadSegment segment) =>
        segment.Class is (RoadClass.Trunk or RoadClass.Primary or RoadClass.Secondary) && !IsOneWay(segment);

    private static bool IsOneWay(in RoadSegment segment) => segment.ForwardKmh == 0 || segment.BackwardKmh == 0;
}
