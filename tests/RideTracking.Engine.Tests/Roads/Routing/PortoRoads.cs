using RideTracking.Engine.Roads.Graph;

namespace RideTracking.Engine.Tests.Roads.Routing;

/// <summary>The streets of greater Porto, imported once for all tests.</summary>
internal static class PortoRoads
{
    /// <summary>Null where the extract is not beside the repository.</summary>
    public static RoadGraph? Graph => null;
}
