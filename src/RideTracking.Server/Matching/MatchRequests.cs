using System.Collections.Immutable;
using RideTracking.Engine.Dispatch;
using RideTracking.Engine.Dispatch.Matching;
using RideTracking.Engine.Geo;
using RideTracking.Engine.Roads;

namespace RideTracking.Server.Matching;

/// <summary>A round's snapshot, and what its numbers stand for.</summary>
/// <param name="At">When it was taken.</param>
/// <param name="Snapshot">What the matcher sees.</param>
/// <param name="Trips">At the places of its requests.</param>
/// <param name="Drivers">At the places of its drivers.</param>
internal sealed record MatchRequests(DateTimeOffset At, MatchSnapshot Snapshot, ImmutableArray<Trip> Trips, ImmutableArray<MatchDriver> Drivers);

/// <summary>A driver who could take one more trip.</summary>
/// <param name="DriverId">Who.</param>
/// <param name="Position">Where the car is.</param>
/// <param name="Start">Where it is free: there, or at the last stop of the trips that it has.</param>
/// <param name="BusySeconds">Until then.</param>
/// <param name="Plan">What the driver has to do.</param>
/// <param name="Seats">Of the vehicle; 0 when not known.</param>
internal sealed record MatchDriver(string DriverId, GeoPoint Position, GeoPoint Start, double BusySeconds, DriverPlan Plan, int Seats);

/// <summary>A driver found for a trip.</summary>
/// <param name="Driver">Who.</param>
internal readonly record struct MatchFound(MatchDriver Driver)
{
    /// <inheritdoc cref="Candidate.QueuePlace"/>
    public int? QueuePlace { get; init; }

    /// <inheritdoc cref="Candidate.IsBackToBack"/>
    public bool IsBackToBack { get; init; }

    /// <summary>How the rider would be taken along by those whom the driver has.</summary>
    public SharedOrder? Shared { get; init; }
}

/// <summary>Makes a snapshot: numbers drivers as they come, and asks for all driving times in few matrices.</summary>
internal sealed class MatchRequestsBuilder(DateTimeOffset now)
{
    // A matrix of more driving times is asked for in parts.
    private const int MaxTimesAtOnce = 1_000_000;

    private readonly List<Trip> _trips = [];
    private readonly List<MatchDriver> _drivers = [];
    private readonly Dictionary<string, int> _numbers = new(StringComparer.Ordinal);
    private readonly List<(int Driver, MatchFound Found)[]> _candidates = [];

    /// <summary>The next request, with who could take it; a driver at most once.</summary>
    public void Add(Trip trip, IEnumerable<MatchFound> found)
    {
        _trips.Add(trip);
        _candidates.Add([.. found.Select(f => (NumberOf(f.Driver), f))]);
    }

    /// <summary>The snapshot of what was added.</summary>
    public MatchRequests Build(IRouteFinder router)
    {
        var requests = ImmutableArray.CreateBuilder<OpenRequest>(_trips.Count);
        var most = Math.Max(1, MaxTimesAtOnce / Math.Max(1, _drivers.Count));
        for (var first = 0; first < _trips.Count; first += most)
        {
            AddRequests(router, first, Math.Min(_trips.Count, first + most), requests);
        }

        return new MatchRequests(
            now,
            new MatchSnapshot([.. _drivers.Select(d => new FreeDriver(d.DriverId, d.Plan.RecentRefusals))], requests.MoveToImmutable()),
            [.. _trips],
            [.. _drivers]);
    }

    private void AddRequests(IRouteFinder router, int first, int end, ImmutableArray<OpenRequest>.Builder requests)
    {
        int[] drivers = [.. _candidates[first..end].SelectMany(c => c.Where(x => x.Found.Shared is null).Select(x => x.Driver)).Distinct()];
        var rowOf = drivers.Index().ToDictionary(d => d.Item, d => d.Index);
        GeoPoint[] pickups = [.. _trips[first..end].Select(t => t.Waypoints[0].Location)];
        var seconds = new double[drivers.Length * pickups.Length];
        if (seconds.Length > 0)
        {
            router.Times([.. drivers.Select(d => StartOf(_drivers[d]))], pickups, seconds);
        }

        for (var request = first; request < end; request++)
        {
            var trip = _trips[request];
            var column = request - first;
            requests.Add(new OpenRequest(trip.Id, Math.Max(0, (now - trip.SearchFrom).TotalSeconds), [.. _candidates[request].Select(c =>
                c.Found.Shared is { } shared
                    ? new Candidate(c.Driver, shared.PickupIn.TotalSeconds) { DetourSeconds = shared.Added.TotalSeconds }
                    : new Candidate(c.Driver, _drivers[c.Driver].BusySeconds + seconds[rowOf[c.Driver] * pickups.Length + column])
                    {
                        QueuePlace = c.Found.QueuePlace,
                        IsBackToBack = c.Found.IsBackToBack,
                    })]));
        }
    }

    // Who is about to drop somebody off begins there.
    private static RouteStart StartOf(MatchDriver driver) => driver.Start == driver.Position ? RouteStart.Car(driver.Start) : RouteStart.Stop(driver.Start);

    private int NumberOf(MatchDriver driver)
    {
        if (!_numbers.TryGetValue(driver.DriverId, out var number))
        {
            _numbers.Add(driver.DriverId, number = _drivers.Count);
            _drivers.Add(driver);
        }

        return number;
    }
}
