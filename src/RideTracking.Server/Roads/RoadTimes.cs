using System.Collections.Immutable;
using RideTracking.Engine.Roads.Routing;

namespace RideTracking.Server.Roads;

/// <summary>
/// How long the roads take now: their usual times, changed by closures. Each change makes a new metric, off the path of
/// the searches that go on meanwhile. Thread-safe.
/// </summary>
public sealed class RoadTimes
{
    private readonly Lock _lock = new();
    private RoadsInUse? _roads;
    private RoadMetric? _usual;
    private ImmutableArray<RoadChange> _changes = [];

    /// <summary>Other roads: their usual times are those of free flow, and nothing is closed.</summary>
    internal void Use(RoadsInUse roads)
    {
        lock (_lock)
        {
            (_roads, _usual, _changes) = (roads, RoadMetric.FreeFlow(roads.Graph), []);
        }
    }

    /// <summary>Other usual times of these roads.</summary>
    internal void SetUsual(RoadsInUse roads, RoadMetric usual) => Set(roads, usual, null);

    /// <summary>Other closures of these roads.</summary>
    internal void SetChanges(RoadsInUse roads, ImmutableArray<RoadChange> changes) => Set(roads, null, changes);

    private void Set(RoadsInUse roads, RoadMetric? usual, ImmutableArray<RoadChange>? changes)
    {
        RoadMetric metric;
        lock (_lock)
        {
            if (_roads != roads)
            {
                return;
            }

            (_usual, _changes) = (usual ?? _usual!, changes ?? _changes);
            metric = _usual.With(roads.Graph, _changes);
        }

        // Takes a while; when two come at once, the router keeps the newer.
        roads.Router.Use(metric);
    }
}
