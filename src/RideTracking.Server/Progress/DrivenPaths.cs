using System.Runtime.InteropServices;
using Google.Protobuf;
using Microsoft.Extensions.Options;
using RideTracking.Engine.Dispatch;
using RideTracking.Engine.Geo;
using RideTracking.Engine.Ingest;
using RideTracking.Engine.Roads.Matching;
using RideTracking.Server.Areas;
using RideTracking.Server.Hosting;
using RideTracking.Server.Log;
using RideTracking.Server.Roads;
using RideTracking.Server.Store;
using RideTracking.Server.Trips;

namespace RideTracking.Server.Progress;

/// <summary>
/// What was driven with a rider: made of the driver's fixes some seconds after the trip's end, so that what a phone sends
/// late counts, and kept beside the trip for as long. Every node has the fixes; the one that the driver is connected to does it, and the others
/// if it has not after a while.
/// </summary>
internal sealed class DrivenPaths : LoopService
{
    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan OthersWait = TimeSpan.FromSeconds(40);

    // One that fails by a fault of its own is not held in memory for ever.
    private static readonly TimeSpan GivenUp = TimeSpan.FromHours(1);

    private readonly Area _area;
    private readonly LogReader _log;
    private readonly TripBook _book;
    private readonly TripTracking _tracking;
    private readonly TimeSpan _retention;
    private readonly CityRoads _city;
    private readonly LearnedTimes _learned;
    private readonly DriverDuty _duty;

    // Of the loop alone.
    private bool _isRestored;
    private MapMatcher? _matcher;
    private RoadsInUse? _matcherOf;

    public DrivenPaths(
        Area area, LogReader log, TripBook book, TripTracking tracking, CityRoads city, LearnedTimes learned, DriverDuty duty, IOptions<TripOptions> options)
        : base(area.Loop("driven_paths"), EverySecond)
    {
        (_area, _log, _book, _tracking) = (area, log, book, tracking);
        (_city, _learned, _duty, _retention) = (city, learned, duty, options.Value.Retention);
    }

    /// <summary>What was driven on a trip; null when it never began, is not over, or ended just now.</summary>
    /// <exception cref="StackExchange.Redis.RedisException">The store is away.</exception>
    public async Task<V1.DrivenPath?> FindAsync(string tripId) =>
        (byte[]?)await _area.Trips.StringGetAsync(_area.Keys.TripDriven(tripId)) is { } kept ? V1.DrivenPath.Parser.ParseFrom(kept) : null;

    protected override async Task LookAsync(CancellationToken stopping)
    {
        await RestoreAsync();
        for (var some = _tracking.Ended.Count; some > 0 && _tracking.Ended.TryPeek(out var ended) && _area.Clock.GetUtcNow() - ended.Since >= Settling; some--)
        {
            _tracking.Ended.TryDequeue(out _);
            var isLeft = true;
            try
            {
                isLeft = !IsDue(ended.Tracked.Trip, _area.Clock.GetUtcNow() - ended.Since) || !await Loop.TryAsync(ended.Tracked.Trip.Id, () => KeepAsync(ended.Tracked), stopping) && _area.Clock.GetUtcNow() - ended.Since < GivenUp;
            }
            finally
            {
                if (isLeft)
                {
                    _tracking.Ended.Enqueue(ended);
                }
            }
        }
    }

    private bool IsDue(Trip trip, TimeSpan over) => over >= OthersWait || trip.DriverId is null || _duty.IsOurs(trip.DriverId);

    private async Task KeepAsync(TrackedTrip tracked)
    {
        if (RideOf(tracked.Trip) is not { } ride)
        {
            return; // Nobody was driven.
        }

        if (await _area.Trips.KeyExistsAsync(_area.Keys.TripDriven(tracked.Trip.Id)))
        {
            return; // Another node was first.
        }

        var driven = Of(tracked.FixesBetween(ride.From, ride.To));
        var reply = (string[])(await StoreScript.DrivenPath.RunAsync(
            _area.Writes, [_area.Keys.TripDriven(tracked.Trip.Id)], [driven.ToByteArray(), _area.Clock.RealMilliseconds(_retention)]))!;
        if (reply[0] == "ok")
        {
            // What was driven once is learnt from once.
            Learn(tracked);
        }
    }

    // Trips that were under way when the server started: what they drove before is in the log.
    private async Task RestoreAsync()
    {
        if (_isRestored || !_book.IsLoaded)
        {
            return;
        }

        var since = _tracking.All().ToDictionary(
            t => t.Plan.DriverId, t => t.Trips.Select(trip => (Trip: trip, From: AssignedAt(trip.Trip))).ToList(), StringComparer.Ordinal);
        if (since.Count > 0)
        {
            await foreach (var logged in _log.ReadSinceAsync(DateTimeOffset.FromUnixTimeMilliseconds(since.Values.Min(s => s.Min(t => t.From)))))
            {
                foreach (var (trip, from) in since.GetValueOrDefault(logged.DriverId, []))
                {
                    if (logged.Fix.FixedAtUnixMs >= from)
                    {
                        trip.Keep(logged.Fix);
                    }
                }
            }
        }

        _isRestored = true;
    }

    // Where the store has forgotten the assignment, nothing was driven on it.
    private static long AssignedAt(Trip trip) =>
        (trip.Events.LastOrDefault(e => e.Kind == TripEventKind.Assigned) ?? trip.Events[^1]).RecordedAt.ToUnixTimeMilliseconds();

    // From the pick-up to the end.
    private static (DateTimeOffset From, DateTimeOffset To)? RideOf(Trip trip) =>
        trip.Waypoints[0].DoneAt is { } from && trip.IsFinal ? (from, trip.Events[^1].OccurredAt) : null;

    private V1.DrivenPath Of(List<Fix> fixes) =>
        _city.Current is { } roads && Match(roads, fixes) is { Pieces.IsEmpty: false } drive
            ? new V1.DrivenPath
            {
                EncodedPolyline = EncodedPolyline.Encode(drive.Line(roads.Graph)),
                DistanceMeters = drive.DistanceMeters,
                BridgedMeters = drive.BridgedMeters,
                Source = V1.RouteSource.Roads,
            }
            : Connected(fixes);

    // Of the way to the pick-up, too: traffic is the same with and without a rider.
    private void Learn(TrackedTrip tracked)
    {
        if (_city.Current is not { } roads)
        {
            return;
        }

        var fixes = tracked.FixesBetween(DateTimeOffset.MinValue, DateTimeOffset.MaxValue);
        _learned.Learn(roads, Match(roads, fixes), CollectionsMarshal.AsSpan(fixes));
        if (tracked.Ride() is { } ride)
        {
            _learned.Learn(ride.Foretold, ride.Actual, ride.StartedAt);
        }
    }

    private MatchedDrive Match(RoadsInUse roads, List<Fix> fixes)
    {
        if (_matcherOf != roads)
        {
            (_matcher, _matcherOf) = (new MapMatcher(roads.Index), roads);
        }

        return _matcher!.Match(CollectionsMarshal.AsSpan(fixes));
    }

    private static V1.DrivenPath Connected(List<Fix> fixes)
    {
        var points = StraightDrive.Places(CollectionsMarshal.AsSpan(fixes), new MatchingLimits());
        var meters = points.Zip(points.Skip(1), Earth.DistanceMeters).Sum();
        return new V1.DrivenPath
        {
            EncodedPolyline = EncodedPolyline.Encode(points),
            DistanceMeters = meters,
            BridgedMeters = meters,
            Source = V1.RouteSource.StraightLine,
        };
    }
}
