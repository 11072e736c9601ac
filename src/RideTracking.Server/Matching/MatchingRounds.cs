using Microsoft.Extensions.Options;
using RideTracking.Engine.Dispatch;
using RideTracking.Engine.Dispatch.Matching;
using RideTracking.Engine.Geo;
using RideTracking.Server.Areas;
using RideTracking.Server.Hosting;
using RideTracking.Server.Trips;

namespace RideTracking.Server.Matching;

/// <summary>
/// Finds drivers for the trips that search, in rounds: looks at all of them, decides purely who is asked for which, and asks.
/// While there are drivers to spare a round follows at once on whatever may let a trip find a driver; while they are scarce
/// requests are collected a little, since then it is worth more to choose well than to choose at once. After a round comes a
/// pause of three times what it computed, so that a rush of events never takes more than a quarter of a core. The node that holds the area's
/// matching does it.
/// </summary>
internal sealed class MatchingRounds(
    Area area, TripBook book, Dispatcher dispatcher, MatchCandidates candidates, MatchHook hook, RecentRounds recent, IOptions<MatchingOptions> options,
    MatchingMetrics metrics)
    : BackgroundService
{
    // Those who wait longest come first; the rest has its turn when these have drivers.
    private const int MaxRequests = 2_000;

    // Offers that are on their way to the store at the same area.Clock.
    private const int OffersAtATime = 64;

    // Who was chosen may have been taken meanwhile; beyond this many rounds in a row the next look finds out more.
    private const int MaxRepeats = 3;

    // With fewer drivers than this nobody better turns up by waiting a little.
    private const int SmallFleet = 20;

    private static readonly TimeSpan NoPause = TimeSpan.FromMilliseconds(1);

    private readonly Loop _loop = area.Loop("matching_rounds");
    private DateTimeOffset _matchedAt = DateTimeOffset.MinValue;

    // Offers that failed by a fault of their own. It may be the driver's, so the trip is not offered to the same one again.
    private readonly HashSet<(string TripId, string DriverId)> _faulty = [];

    // Without the time that the store or the company's matcher took.
    private TimeSpan _worked;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await using var timer = area.Clock.CreateTimer(_ => Tick(), null, options.Value.TickInterval, options.Value.TickInterval);
        await _loop.WheneverAsync(WaitAsync, MatchAsync, stoppingToken);
    }

    /// <summary>A round is wanted.</summary>
    internal void Tick() => dispatcher.MatchingWanted.Set();

    /// <summary>A round, unless requests are collected just now. No fault comes out of it.</summary>
    internal Task MatchAllAsync(CancellationToken stopping) => _loop.LookAsync(MatchAsync, stopping);

    private async ValueTask<bool> WaitAsync(CancellationToken stopping)
    {
        if (3 * _worked > NoPause)
        {
            await Task.Delay(3 * _worked, area.Clock, stopping);
        }

        _worked = TimeSpan.Zero;
        return await dispatcher.MatchingWanted.WaitAsync(stopping);
    }

    private async Task MatchAsync(CancellationToken stopping)
    {
        if (!await hook.HasTheSayAsync())
        {
            return;
        }

        var now = area.Clock.GetUtcNow();
        if (IsScarce() && now - _matchedAt < options.Value.ScarceTickInterval)
        {
            return;
        }

        _faulty.RemoveWhere(pair => book.Find(pair.TripId) is not { State: TripState.Searching });
        var inVain = new HashSet<(string? TripId, string DriverId)>();
        for (var (repeat, before) = (0, -1); repeat < MaxRepeats && inVain.Count > before; repeat++)
        {
            stopping.ThrowIfCancellationRequested();
            before = inVain.Count;
            await MatchOnceAsync(inVain, stopping);
        }
    }

    private async Task MatchOnceAsync(HashSet<(string? TripId, string DriverId)> inVain, CancellationToken stopping)
    {
        // One whose offers fail by its own fault would take drivers from the others for nothing.
        var trips = Array.FindAll(book.Unoffered(), t => !_loop.IsWaiting(t.Id));
        if (trips.Length == 0)
        {
            return;
        }

        var began = area.Clock.GetTimestamp();
        _matchedAt = area.Clock.GetUtcNow();
        var requests = candidates.Gather(
            trips.Length <= MaxRequests ? trips : trips[..MaxRequests],
            _matchedAt,
            (trip, driver) => inVain.Contains((trip, driver)) || inVain.Contains((null, driver)) || _faulty.Contains((trip, driver)));
        _worked += area.Clock.GetElapsedTime(began);
        var (round, isCompanys) = await DecideAsync(requests, stopping);
        var kept = new KeptRound(requests.At, isCompanys, round);
        recent.Keep(kept);
        foreach (var some in round.Pairs.Index().Chunk(OffersAtATime))
        {
            var outcomes = await Task.WhenAll(some.Select(p => OfferAsync(requests, p.Item, stopping)));
            foreach (var ((number, pair), outcome) in some.Zip(outcomes))
            {
                if (outcome is null)
                {
                    _faulty.Add((requests.Trips[pair.Request].Id, requests.Drivers[pair.Driver].DriverId));
                }

                if (Failed(requests, pair, outcome) is { } failed)
                {
                    kept.Refuse(number);
                    inVain.Add(failed);
                }
            }
        }

        metrics.Round(area.Clock.GetElapsedTime(began), round.Pairs.Length);
    }

    private async Task<(MatchRound Round, bool IsCompanys)> DecideAsync(MatchRequests requests, CancellationToken stopping)
    {
        var (costs, offersAtOnce) = (options.Value.ToCosts(), dispatcher.Rules.OffersAtOnce);
        if (await hook.AskAsync(requests, costs, offersAtOnce, stopping) is { } pairs)
        {
            return (new MatchRound(requests.Snapshot, costs, pairs), true);
        }

        var began = area.Clock.GetTimestamp();
        var round = options.Value.Mode == MatchingMode.Greedy
            ? GreedyMatcher.Match(requests.Snapshot, costs, offersAtOnce)
            : BatchMatcher.Match(requests.Snapshot, costs, offersAtOnce);
        _worked += area.Clock.GetElapsedTime(began);
        return (round, false);
    }

    // Null when it failed by a fault of its own.
    private async Task<DispatchOutcome?> OfferAsync(MatchRequests requests, MatchPair pair, CancellationToken stopping)
    {
        var (trip, driver) = (requests.Trips[pair.Request], requests.Drivers[pair.Driver]);
        DispatchOutcome? outcome = null;
        await _loop.TryAsync(
            trip.Id,
            async () =>
            {
                var distance = Earth.DistanceMeters(driver.Position, trip.Waypoints[0].Location);
                outcome = await dispatcher.DispatchAsync(trip.Id, new DriverChosen(driver.DriverId, distance, TimeSpan.FromSeconds(pair.EtaSeconds), driver.Seats));
            },
            stopping);
        return outcome;
    }

    // Whom not to try again at once: a driver who hears nothing for no trip, one who is not free any more not for this one.
    private static (string? TripId, string DriverId)? Failed(MatchRequests requests, MatchPair pair, DispatchOutcome? outcome) => outcome switch
    {
        DriverUnheard => (null, requests.Drivers[pair.Driver].DriverId),
        null or Decided { Result: Refused { Reason: RefusalReason.DriverNotFree } } => (requests.Trips[pair.Request].Id, requests.Drivers[pair.Driver].DriverId),
        _ => null,
    };

    private bool IsScarce()
    {
        var fleet = candidates.CountDrivers();
        var atWork = fleet.AvailableIdle + fleet.Offered + fleet.ToPickup + fleet.OnTrip;
        return atWork >= SmallFleet && fleet.AvailableIdle < options.Value.ScarceBelow * atWork;
    }
}
