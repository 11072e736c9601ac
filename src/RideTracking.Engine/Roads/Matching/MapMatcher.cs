using RideTracking.Engine.Geo;
using RideTracking.Engine.Ingest;
using RideTracking.Engine.Roads.Graph;

namespace RideTracking.Engine.Roads.Matching;

/// <summary>
/// Puts the fixes of a drive on the roads that it took. The same fixes in the same order always give the same drive, so
/// late fixes are simply put where they belong and all is matched again. Work is bounded by the fixes times the limits on
/// candidates and search. Keeps its scratch (about 24 bytes for each edge): not thread-safe, one for each thread.
/// </summary>
public sealed class MapMatcher
{
    private readonly RoadGraph _graph;
    private readonly RoadIndex _index;
    private readonly LooseTurns _turns;
    private readonly MatchingLimits _limits;
    private readonly MatchingModel _model;
    private readonly WaySearch _search;
    private readonly MatchingLattice _lattice;
    private readonly DriveBuilder _builder;
    private readonly RoadCandidate[] _found;
    private readonly List<int> _chain = [];

    /// <param name="index">Of the roads.</param>
    /// <param name="limits">What to believe.</param>
    public MapMatcher(RoadIndex index, MatchingLimits? limits = null)
        : this(index, new LooseTurns(index.Graph), limits ?? new MatchingLimits())
    {
    }

    private MapMatcher(RoadIndex index, LooseTurns turns, MatchingLimits limits)
    {
        (_graph, _index, _turns, _limits) = (index.Graph, index, turns, limits);
        _model = new MatchingModel(limits);
        _search = new WaySearch(_graph, turns, limits);
        _lattice = new MatchingLattice(_search, limits);
        _builder = new DriveBuilder(_graph, _search, limits);
        _found = new RoadCandidate[limits.MaxCandidates];
    }

    /// <summary>Another one for another thread, on the same roads.</summary>
    public MapMatcher ForAnotherThread() => new(_index, _turns, _limits);

    /// <summary>Edges looked at by all searches so far.</summary>
    public long SettledEdges => _search.SettledEdges;

    /// <summary>Matches a drive.</summary>
    /// <param name="fixes">Of one drive, by <see cref="Fix.FixedAtUnixMs"/>, oldest first.</param>
    /// <exception cref="ArgumentException">A fix is older than the one before it.</exception>
    public MatchedDrive Match(ReadOnlySpan<Fix> fixes)
    {
        _lattice.Clear();
        GeoPoint last = default;
        for (int i = 0; i < fixes.Length; i++)
        {
            ref readonly Fix fix = ref fixes[i];
            if (i > 0 && fix.FixedAtUnixMs < fixes[i - 1].FixedAtUnixMs)
            {
                throw new ArgumentException($"Fix {i} is older than the one before it: put them in order first.", nameof(fixes));
            }

            // No car is at two places at a time.
            if (i == 0 || fix.FixedAtUnixMs > fixes[i - 1].FixedAtUnixMs && _model.IsNewPlace(fix, last))
            {
                last = fix.Point;
                Take(i, fix, _model.DeviationOf(fix));
            }
            else
            {
                _lattice.StayUntil(fix.FixedAtUnixMs);
            }
        }

        _lattice.Decode(_chain);
        return _builder.Build(fixes, _lattice, _chain);
    }

    private void Take(int index, in Fix fix, double deviation)
    {
        _lattice.AddLayer(index, fix.Point, fix.FixedAtUnixMs, deviation);
        int count = _index.Nearest(fix.Point, _model.SearchMeters(deviation), _found);
        foreach (ref readonly RoadCandidate candidate in _found.AsSpan(0, count))
        {
            AddNode(fix, deviation, candidate.Position, candidate.DistanceMeters, startNats: 0);
        }

        _lattice.Connect(againstOneWays: false);
        if (!_lattice.IsDoubtful)
        {
            return;
        }

        // Only what cannot be explained otherwise was driven against a one-way: so it costs hardly any time.
        foreach (ref readonly RoadCandidate candidate in _found.AsSpan(0, count))
        {
            RoadPosition reversed = candidate.Position.Reversed;
            if (_graph.KmhOf(reversed.Edge) == 0 && _turns.IsDriven(reversed.Edge))
            {
                AddNode(fix, deviation, reversed, candidate.DistanceMeters, _limits.WrongWayNats);
            }
        }

        _lattice.Connect(againstOneWays: true);
    }

    private void AddNode(in Fix fix, double deviation, RoadPosition position, double distanceMeters, double startNats)
    {
        double weight = MatchingModel.OfDistance(distanceMeters, deviation);
        if (_model.HasCourse(fix))
        {
            weight += _model.OfCourse(fix.CourseDegrees, EdgeShape.CourseAt(_graph, position));
        }

        _lattice.AddNode(position, distanceMeters, weight, startNats);
    }
}
