using System.Collections.Immutable;
using RideTracking.Engine.Dispatch.Matching;
using RideTracking.Engine.Geo;
using RideTracking.Engine.Roads;

namespace RideTracking.Benchmarks.Matching;

/// <summary>How a simulated company matches.</summary>
/// <param name="Name">As printed.</param>
/// <param name="Match">Who gets whom.</param>
/// <param name="Costs">By what.</param>
/// <param name="TickSeconds">How long between rounds; 0 looks whenever somebody asks or becomes free.</param>
/// <param name="SlackShare">Nothing waits for the next tick while at least this share of the cars is free.</param>
internal sealed record MatchPolicy(
    string Name, Func<MatchSnapshot, MatchCosts, int, MatchRound> Match, MatchCosts Costs, double TickSeconds, double SlackShare = 2);

/// <summary>What became of a ride.</summary>
/// <param name="Ride">What was wanted.</param>
/// <param name="AssignedAt">When a car was found, in seconds; null when nobody came in time.</param>
/// <param name="PickupSeconds">How long the car then drove to the pick-up.</param>
internal readonly record struct RideOutcome(WantedRide Ride, double? AssignedAt, double PickupSeconds);

/// <summary>
/// Cars that take rides one after the other, event by event, with the matchers that the server uses. Every offer is accepted;
/// cars wait where their last ride ended.
/// </summary>
internal sealed class RideSimulation(MatchPolicy policy, GeoPoint[] cars, IReadOnlyList<WantedRide> rides, double patienceSeconds, double radiusMeters = 5_000)
{
    public const double SpeedMetersPerSecond = 7;
    public const double BoardingSeconds = 60;

    private static readonly StraightLineRouter Router = new(SpeedMetersPerSecond);

    private readonly GeoPoint[] _place = [.. cars];
    private readonly double[] _freeAt = new double[cars.Length];
    private readonly List<int> _idle = [.. Enumerable.Range(0, cars.Length)];
    private readonly PriorityQueue<int, double> _busy = new();
    private readonly List<int> _waiting = [];
    private readonly RideOutcome[] _outcomes = new RideOutcome[rides.Count];
    private int _next;

    public static double Seconds(GeoPoint from, GeoPoint to) => Earth.DistanceMeters(from, to) / SpeedMetersPerSecond;

    /// <summary>What became of each ride.</summary>
    public RideOutcome[] Run(int candidates)
    {
        double now = 0;
        while (_next < rides.Count || _waiting.Count > 0)
        {
            now = NextRound(now);
            for (; _next < rides.Count && rides[_next].AtSeconds <= now; _next++)
            {
                _waiting.Add(_next);
            }

            while (_busy.TryPeek(out int car, out double free) && free <= now)
            {
                _busy.Dequeue();
                _idle.Add(car);
            }

            _waiting.RemoveAll(ride =>
            {
                bool leaves = now - rides[ride].AtSeconds > patienceSeconds;
                _outcomes[ride] = new RideOutcome(rides[ride], null, 0);
                return leaves;
            });
            if (_waiting.Count > 0 && _idle.Count > 0)
            {
                Match(now, candidates);
            }
        }

        return _outcomes;
    }

    private double NextRound(double now)
    {
        double next = NextEvent(now);
        if (policy.TickSeconds == 0)
        {
            return next;
        }

        double tick = (Math.Floor((_waiting.Count > 0 ? now : next) / policy.TickSeconds + 1e-9) + 1) * policy.TickSeconds;
        return _idle.Count >= policy.SlackShare * cars.Length ? Math.Min(tick, next) : tick;
    }

    // The next ride or free car; when nothing is to come, those who wait lose patience.
    private double NextEvent(double now)
    {
        double ride = _next < rides.Count ? rides[_next].AtSeconds : double.PositiveInfinity;
        double car = _waiting.Count > 0 && _busy.TryPeek(out _, out double free) ? free : double.PositiveInfinity;
        double next = Math.Min(ride, car);
        return double.IsFinite(next) ? Math.Max(next, now) : now + patienceSeconds + 1;
    }

    private void Match(double now, int candidates)
    {
        ImmutableArray<FreeDriver> drivers = [.. _idle.Select(car => new FreeDriver($"c{car}"))];
        ImmutableArray<OpenRequest> requests = [.. _waiting.Select(ride =>
            new OpenRequest($"r{ride}", now - rides[ride].AtSeconds, [.. Around(rides[ride].Pickup, candidates)]))];
        var taken = new HashSet<int>();
        var served = new HashSet<int>();
        foreach (MatchPair pair in policy.Match(new MatchSnapshot(drivers, requests), policy.Costs, 1).Pairs)
        {
            (int ride, int car) = (_waiting[pair.Request], _idle[pair.Driver]);
            _outcomes[ride] = new RideOutcome(rides[ride], now, pair.EtaSeconds);
            _freeAt[car] = now + pair.EtaSeconds + BoardingSeconds + Seconds(rides[ride].Pickup, rides[ride].Dropoff);
            _place[car] = rides[ride].Dropoff;
            _busy.Enqueue(car, _freeAt[car]);
            taken.Add(car);
            served.Add(ride);
        }

        _idle.RemoveAll(taken.Contains);
        _waiting.RemoveAll(served.Contains);
    }

    private IEnumerable<Candidate> Around(GeoPoint pickup, int most)
    {
        GeoPoint[] from = [.. _idle.Select(car => _place[car])];
        var seconds = new double[from.Length];
        Router.Times([.. from.Select(f => RouteStart.Car(f))], [pickup], seconds);
        return seconds.Index()
            .Where(c => c.Item * SpeedMetersPerSecond <= radiusMeters)
            .OrderBy(c => c.Item)
            .Take(most)
            .Select(c => new Candidate(c.Index, c.Item));
    }
}
