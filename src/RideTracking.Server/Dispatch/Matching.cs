using System.Threading.Channels;
using Microsoft.Extensions.Options;
using RideTracking.Engine.Dispatch;
using RideTracking.Engine.Index;
using RideTracking.Server.Storage;
using RideTracking.Server.Zones;

namespace RideTracking.Server.Dispatch;

/// <summary>
/// Finds a driver for each trip that searches: who is there soonest and is connected, available, idle and seen lately; at a
/// queue zone, the one who waits longest there. Looks at once for a trip that is new or was passed over, and for those who wait
/// longest when a driver may have become free; on each tick for all (a driver came near). So a rush of events costs no more
/// than the trips that it is about.
/// </summary>
internal sealed partial class Matching(
    TripBook book, Dispatcher dispatcher, ZoneQueues queues, ReadyDrivers ready, DriverSlots slots, IOptions<TripOptions> options, TimeProvider time,
    ILogger<Matching> logger)
    : BackgroundService
{
    // The nearest may just have been taken; beyond this many the next tick looks afresh.
    private const int MaxCandidates = 8;

    // How many of those who wait longest are looked at between ticks.
    private const int LongestWaiting = 32;

    // Trips as they were when no driver was found for them; forgotten on each tick.
    private readonly HashSet<(string TripId, ulong Version)> _tried = [];
    private volatile bool _ticked;

    // One waiting signal says all there is to say, so a second is dropped.
    private readonly Channel<bool> _signal = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    public override Task StartAsync(CancellationToken cancellationToken)
    {
        dispatcher.MatchingWanted += Signal;
        return base.StartAsync(cancellationToken);
    }

    public override Task StopAsync(CancellationToken cancellationToken)
    {
        dispatcher.MatchingWanted -= Signal;
        return base.StopAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await using var timer = time.CreateTimer(_ => Tick(), null, options.Value.TickInterval, options.Value.TickInterval);
        try
        {
            while (await _signal.Reader.WaitToReadAsync(stoppingToken))
            {
                _signal.Reader.TryRead(out _);
                await MatchAllAsync(stoppingToken);
            }
        }
        catch (OperationCanceledException)
        {
            // The server stops; what searches is matched by the next one.
        }
    }

    private void Tick()
    {
        _ticked = true;
        Signal();
    }

    private void Signal() => _signal.Writer.TryWrite(true);

    private async Task MatchAllAsync(CancellationToken stopping)
    {
        try
        {
            if (_ticked)
            {
                _ticked = false;
                _tried.Clear();
            }

            foreach (var (place, trip) in book.Unoffered().Index())
            {
                stopping.ThrowIfCancellationRequested();
                if (_tried.Add((trip.Id, trip.Version)) || place < LongestWaiting)
                {
                    await MatchAsync(trip);
                }
            }
        }
        catch (Exception e) when (RedisStore.IsFailure(e))
        {
            // The store is away: trips keep searching, and the next tick tries again.
            LogWaiting(e.Message);
        }
    }

    private async Task MatchAsync(Trip trip)
    {
        foreach (var candidate in Candidates(trip))
        {
            var chosen = new DriverChosen(slots.IdOf(candidate.Driver.Slot), candidate.Driver.DistanceMeters, TimeSpan.FromSeconds(candidate.EtaSeconds));
            var outcome = await dispatcher.DispatchAsync(trip.Id, chosen);
            if (outcome is not (DriverUnheard or Decided { Result: Refused { Reason: RefusalReason.DriverNotFree } }))
            {
                return;
            }
        }
    }

    // At a queue it is first in, first out; elsewhere, or when nobody there can take it, who is there soonest.
    private DriverEta[] Candidates(Trip trip)
    {
        var pickup = trip.Waypoints[0].Location;
        var now = time.GetUtcNow();
        int[] passedOver = [.. trip.PassedOver.Where(p => trip.IsPassedOver(p.DriverId, now)).Select(p => slots.GetOrAdd(p.DriverId))];
        var waiting = ready.Of(queues.ReadyAt(pickup), pickup, passedOver, MaxCandidates);
        var soonest = ready.Soonest(pickup, [.. passedOver, .. waiting.Select(w => w.Driver.Slot)]);
        return [.. waiting, .. soonest.Take(MaxCandidates)];
    }

    [LoggerMessage(LogLevel.Debug, "Matching waits for the store: {Message}")]
    private partial void LogWaiting(string message);
}
