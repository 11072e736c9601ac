using System.Collections.Immutable;
using RideTracking.Engine.Roads.Routing;

namespace RideTracking.Server.Roads;

/// <summary>
/// How long the roads take now: their usual times, changed by closures and by the hours that the map has for some. Each change makes a new metric, off the path of
/// the searches that go on meanwhile. Thread-safe.
/// </summary>
public sealed class RoadTimes
{
    private readonly Lock _lock = new();
    private RoadsInUse? _roads;
    private RoadMetric? _usual;
    private ImmutableArray<RoadChange> _changes = [];
    private ImmutableArray<RoadChange> _closedNow = [];

    /// <summary>Other roads: their usual times are those of free flow, and nothing is closed.</summary>
    internal void Use(RoadsInUse roads)
    {
        lock (_lock)
        {
            (_roads, _usual, _changes, _closedNow) = (roads, RoadMetric.FreeFlow(roads.Graph), [], []);
        }
    }

    /// <summary>Other usual times of these roads.</summary>
    internal void SetUsual(RoadsInUse roads, RoadMetric usual) => Set(roads, usual: usual);

    /// <summary>Other closures of these roads.</summary>
    internal void SetChanges(RoadsInUse roads, ImmutableArray<RoadChange> changes) => Set(roads, changes: changes);

    /// <summary>These edges are closed at this hour, and no others.</summary>
    internal void SetClosed(RoadsInUse roads, ImmutableArray<int> edges) => Set(roads, closedNow: [.. edges.Select(RoadChange.Closed)]);

    private void Set(
        RoadsInUse roads, RoadMetric? usual = null, ImmutableArray<RoadChange>? changes = null, ImmutableArray<RoadChange>? closedNow = null)
    {
        RoadMetric metric;
        lock (_lock)
        {
            if (_roads != roads)
            {
                return;
            }

            (_usual, _changes, _closedNow) = (usual ?? _usual!, changes ?? _changes, closedNow ?? _closedNow);
            // What is closed at this hour stays closed, however fast a closure would let it be driven.
            metric = _usual.With(roads.Graph, _changes.AddRange(_closedNow));
        }

        // Takes a while; when two come at once, the router keeps the newer.
        roads.Router.Use(metric);
    }
}
