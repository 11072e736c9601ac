using RideTracking.Engine.Geo;
using RideTracking.Engine.Roads;
using RideTracking.Engine.Roads.Graph;
using RideTracking.Engine.Roads.Routing;
using RideTracking.Server.Hosting;
using Route = RideTracking.Engine.Roads.Route;

namespace RideTracking.Server.Roads;

/// <summary>A road network with all that is asked of it.</summary>
/// <param name="Index">Which roads are near a place.</param>
/// <param name="Router">Ways between positions on the roads.</param>
/// <param name="Finder">Routes between places.</param>
public sealed record RoadsInUse(RoadIndex Index, RoadRouter Router, IRouteFinder Finder)
{
    /// <summary>The roads themselves.</summary>
    public RoadGraph Graph => Index.Graph;
}

/// <summary>
/// Finds routes by the roads in use; until there are any, as straight lines, which their source tells. Thread-safe.
/// </summary>
/// <param name="straight">Goes where no road is known.</param>
public sealed class CityRoads(StraightLineRouter straight) : IRouteFinder
{
    private volatile RoadsInUse? _current;

    /// <summary>The roads; null before they are read, and without any.</summary>
    public RoadsInUse? Current => _current;

    /// <summary>Roads came into use, or were closed or opened: another way may be best now. The renewal of routes waits for it.</summary>
    public Signal Changed { get; } = new();

    /// <inheritdoc/>
    public Route Through(RouteStart start, ReadOnlySpan<GeoPoint> stops) => Finder.Through(start, stops);

    /// <inheritdoc/>
    public void Times(ReadOnlySpan<RouteStart> from, ReadOnlySpan<GeoPoint> to, Span<double> seconds) => Finder.Times(from, to, seconds);

    internal StraightLineRouter Straight => straight;

    private IRouteFinder Finder => _current?.Finder ?? straight;

    internal void Use(RoadsInUse roads)
    {
        _current = roads;
        Changed.Set();
    }

    internal void TellChanged() => Changed.Set();
}
