using System.Collections.Concurrent;
using System.Collections.Immutable;
using RideTracking.Engine.Dispatch;
using RideTracking.Engine.Index;
using RideTracking.Server.Areas;
using RideTracking.Server.Hosting;

namespace RideTracking.Server.Trips;

/// <summary>
/// The present: every trip that is not final, and every driver's plan, as last committed. Newest version wins, so it does
/// not matter in which order commits are told; a final trip stays a while, so that nothing older comes back after it.
/// Keeps the index informed of what drivers want and do. Thread-safe.
/// </summary>
public sealed class TripBook(CityFleet fleet, BusyPlaces busy)
{
    private readonly Lock _lock = new();
    private readonly ConcurrentDictionary<string, Trip> _trips = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, DriverPlan> _plans = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, Trip> _unoffered = new(StringComparer.Ordinal);
    private readonly Dictionary<string, ImmutableArray<TripFollower>> _followers = new(StringComparer.Ordinal);
    private readonly Queue<Trip> _over = new();
    private readonly Listeners<DriverPlan> _planListeners = new();
    private (Action<Trip> OfTrip, Action<DriverPlan> OfPlan) _keepingUp = (_ => { }, _ => { });
    private Dictionary<string, Trip>? _tripsSinceReload;
    private Dictionary<string, DriverPlan>? _plansSinceReload;
    private volatile bool _isLoaded;

    /// <summary>
    /// Whether a version is news to who knows another; another answer only where a simulation shows that its checker would find a mistake in it.
    /// </summary>
    internal Func<ulong, ulong, bool> IsNews { get; set; } = static (known, told) => known < told;

    /// <summary>Whether the book holds what the store does; before that a trip that is not in it may still exist.</summary>
    public bool IsLoaded => _isLoaded;

    /// <summary>Trips that have no driver yet, whether offered or not.</summary>
    public int SearchingCount => _trips.Count(t => t.Value.State == TripState.Searching);

    /// <summary>The trip, unless it has long been final or is unknown.</summary>
    public Trip? Find(string tripId) => _trips.GetValueOrDefault(tripId);

    /// <summary>The driver's plan; an empty one when nothing is known.</summary>
    public DriverPlan PlanOf(string driverId) => _plans.GetValueOrDefault(driverId) ?? DriverPlan.Empty(driverId);

    /// <summary>All trips that are not final.</summary>
    internal IEnumerable<Trip> Present => _trips.Select(t => t.Value).Where(t => !t.IsFinal);

    /// <summary>The trips that search and have no open offer, the longest waiting first.</summary>
    internal Trip[] Unoffered() => [.. _unoffered.Values.OrderBy(t => t.RequestedAt).ThenBy(t => t.Id, StringComparer.Ordinal)];

    /// <summary>Where drivers are now, as far as anybody knows: routes begin there.</summary>
    internal ImmutableArray<DriverPlace> PlacesOf(IEnumerable<string> driverIds) => fleet.PlacesOf(driverIds);

    /// <summary>Takes in what was committed, by any node, or read.</summary>
    /// <returns>Whether any of it was news.</returns>
    internal bool Apply(Trip? trip, ImmutableArray<DriverPlan> plans)
    {
        List<DriverChange> changes = [];
        ImmutableArray<TripFollower> followers = [];
        List<TripFollower> onTheWay = [];
        List<DriverPlan> newPlans = [];
        Trip? newTrip = null;
        lock (_lock)
        {
            if (trip is not null)
            {
                NoteSinceReload(trip);
                if (IsNews(_trips.GetValueOrDefault(trip.Id)?.Version ?? 0, trip.Version))
                {
                    newTrip = trip;
                    Keep(trip);
                    if (_followers.TryGetValue(trip.Id, out followers) && trip.IsFinal)
                    {
                        _followers.Remove(trip.Id);
                    }
                }
            }

            foreach (var plan in plans)
            {
                NoteSinceReload(plan);
                if (_plans.GetValueOrDefault(plan.DriverId) is not { } known || IsNews(known.Version, plan.Version))
                {
                    newPlans.Add(plan);
                    changes.Add(Keep(plan));
                    onTheWay.AddRange(plan.Trips.SelectMany(t => _followers.GetValueOrDefault(t.TripId, [])));
                }
            }
        }

        Tell(changes, followers, newTrip, newPlans);
        foreach (var follower in onTheWay)
        {
            follower.Wake();
        }

        return newTrip is not null || newPlans.Count > 0;
    }

    /// <summary>To be called before the store is read for <see cref="Replace"/>: what is committed from now on is newer than what is read.</summary>
    internal void BeginReload()
    {
        lock (_lock)
        {
            (_tripsSinceReload, _plansSinceReload) = (new(StringComparer.Ordinal), new(StringComparer.Ordinal));
        }
    }

    // Also what is not newer than what memory has: that may be what the store has lost.
    private void NoteSinceReload(Trip trip)
    {
        if (_tripsSinceReload is { } since && (since.GetValueOrDefault(trip.Id)?.Version ?? 0) < trip.Version)
        {
            since[trip.Id] = trip;
        }
    }

    private void NoteSinceReload(DriverPlan plan)
    {
        if (_plansSinceReload is { } since && (since.GetValueOrDefault(plan.DriverId)?.Version ?? 0) < plan.Version)
        {
            since[plan.DriverId] = plan;
        }
    }

    /// <summary>
    /// Takes the store's word for everything but what was committed since <see cref="BeginReload"/>: at start, and when the
    /// store was away and may have lost something, or was emptied.
    /// </summary>
    internal void Replace(ImmutableArray<Trip> trips, ImmutableArray<DriverPlan> plans)
    {
        List<DriverChange> changes = [];
        List<(ImmutableArray<TripFollower> Followers, Trip Trip)> followed = [];
        Trip[] keptTrips;
        DriverPlan[] keptPlans;
        lock (_lock)
        {
            keptTrips = [.. trips.Concat(_tripsSinceReload!.Values).GroupBy(t => t.Id, StringComparer.Ordinal).Select(same => same.MaxBy(t => t.Version)!)];
            var present = plans.Concat(_plansSinceReload!.Values).GroupBy(p => p.DriverId, StringComparer.Ordinal).Select(same => same.MaxBy(p => p.Version)!).ToList();
            keptPlans = [.. present, .. _plans.Keys.Except(present.Select(p => p.DriverId), StringComparer.Ordinal).Select(DriverPlan.Empty)];
            (_tripsSinceReload, _plansSinceReload) = (null, null);
            foreach (var id in _trips.Keys.Except(keptTrips.Select(t => t.Id), StringComparer.Ordinal))
            {
                _trips.TryRemove(id, out _);
                _unoffered.TryRemove(id, out _);
            }

            // Each that is kept comes in again.
            _over.Clear();
            foreach (var trip in keptTrips)
            {
                Keep(trip);
                if (_followers.TryGetValue(trip.Id, out var followers))
                {
                    followed.Add((followers, trip));
                }
            }

            foreach (var plan in keptPlans)
            {
                changes.Add(Keep(plan));
            }

            _isLoaded = true;
        }

        Tell(changes, [], null, keptPlans);
        foreach (var (followers, trip) in followed)
        {
            Tell([], followers, trip, []);
        }

        foreach (var trip in keptTrips)
        {
            Tell(trip);
        }
    }

    /// <summary>The trips that are final and not forgotten yet.</summary>
    internal string[] Over()
    {
        lock (_lock)
        {
            return [.. _over.Select(t => t.Id)];
        }
    }

    /// <summary>Forgets trips that became final before this.</summary>
    internal void ForgetFinalBefore(DateTimeOffset time)
    {
        lock (_lock)
        {
            while (_over.TryPeek(out var trip) && trip.Events[^1].RecordedAt < time)
            {
                _trips.TryRemove(KeyValuePair.Create(trip.Id, _over.Dequeue()));
            }
        }
    }

    /// <summary>Trips that somebody follows but the book does not hold.</summary>
    internal string[] Missed()
    {
        lock (_lock)
        {
            return [.. _followers.Keys.Where(id => !_trips.ContainsKey(id))];
        }
    }

    /// <summary>The store has a trip no more that somebody follows: whoever does is told.</summary>
    internal void Forget(string tripId)
    {
        ImmutableArray<TripFollower> followers;
        lock (_lock)
        {
            if (_trips.ContainsKey(tripId) || !_followers.Remove(tripId, out followers))
            {
                return;
            }
        }

        foreach (var follower in followers)
        {
            follower.Forget();
        }
    }

    /// <summary>Hears of each change of a driver's plan, until the result is disposed.</summary>
    /// <param name="driverId">The driver.</param>
    /// <param name="hear">On any thread, outside of any lock; returns at once. It may come late: <see cref="PlanOf"/> has the newest.</param>
    internal IDisposable Listen(string driverId, Action<DriverPlan> hear) => _planListeners.Listen(driverId, hear);

    /// <summary>Who keeps up with every trip and plan that is taken in: one, the progress of the cars. As <see cref="Listen"/>.</summary>
    internal void KeepUp(Action<Trip> ofTrip, Action<DriverPlan> ofPlan) => _keepingUp = (ofTrip, ofPlan);

    /// <summary>Follows a trip. What is not in the book and not final is taken in.</summary>
    /// <param name="trip">The trip as the caller saw it.</param>
    /// <param name="wake">Called after each change, on any thread, outside of any lock; must return at once.</param>
    internal TripFollower Follow(Trip trip, Action wake)
    {
        if (!trip.IsFinal)
        {
            Apply(trip, []);
        }

        var follower = new TripFollower(this, trip, wake);
        lock (_lock)
        {
            if (_trips.TryGetValue(trip.Id, out var newest))
            {
                follower.Take(newest);
                _followers[trip.Id] = _followers.TryGetValue(trip.Id, out var others) ? others.Add(follower) : [follower];
            }
        }

        return follower;
    }

    internal void Unfollow(TripFollower follower)
    {
        var id = follower.Newest.Id;
        lock (_lock)
        {
            if (_followers.TryGetValue(id, out var followers))
            {
                followers = followers.Remove(follower);
                if (followers.IsEmpty)
                {
                    _followers.Remove(id);
                }
                else
                {
                    _followers[id] = followers;
                }
            }
        }
    }

    private void Keep(Trip trip)
    {
        _trips[trip.Id] = trip;
        if (trip.IsFinal)
        {
            _over.Enqueue(trip);
        }

        if (trip is { State: TripState.Searching, Offers.IsEmpty: true })
        {
            _unoffered[trip.Id] = trip;
        }
        else
        {
            _unoffered.TryRemove(trip.Id, out _);
        }
    }

    private DriverChange Keep(DriverPlan plan)
    {
        _plans[plan.DriverId] = plan;
        return fleet.Index.SetPlan(fleet.Slots.GetOrAdd(plan.DriverId), plan.Availability, plan.Work);
    }

    private void Tell(Trip trip)
    {
        if (trip is { State: TripState.Searching, Waypoints: [var pickup, ..] })
        {
            busy.Ask(pickup.Location);
        }

        _keepingUp.OfTrip(trip);
    }

    private void Tell(List<DriverChange> changes, ImmutableArray<TripFollower> followers, Trip? trip, IReadOnlyList<DriverPlan> plans)
    {
        foreach (var change in changes)
        {
            fleet.Fanout.Publish(change);
        }

        foreach (var plan in plans)
        {
            _keepingUp.OfPlan(plan);
            _planListeners.Tell(plan.DriverId, plan);
        }

        if (trip is not null)
        {
            Tell(trip);
        }

        if (!followers.IsDefault)
        {
            foreach (var follower in followers)
            {
                follower.Take(trip!);
                follower.Wake();
            }
        }
    }
}
