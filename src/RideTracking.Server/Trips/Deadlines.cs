using System.Collections.Immutable;
using Microsoft.Extensions.Options;
using RideTracking.Engine.Dispatch;
using RideTracking.Server.Outbox;
using RideTracking.Server.Store;

namespace RideTracking.Server.Trips;

/// <summary>
/// Serves what is due: offers not answered, scheduled searches, searches and trips that lasted too long. It asks the store, not the book, so a
/// trip reaches its end even if every node that knew it died.
/// </summary>
internal sealed partial class Deadlines(
    TripStore store, TripBook book, Dispatcher dispatcher, CommandOutbox outbox, IOptions<TripOptions> options, TimeProvider time, ILogger<Deadlines> logger) : BackgroundService
{
    private const int Page = 1000;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(options.Value.TickInterval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                await ServeAsync(stoppingToken);
            }
        }
        catch (OperationCanceledException)
        {
            // The server stops; what is due is served by the next one.
        }
    }

    internal async Task ServeAsync(CancellationToken stopping)
    {
        try
        {
            var due = await store.ReadDueAsync(time.GetUtcNow(), Page);
            foreach (var tripId in due)
            {
                stopping.ThrowIfCancellationRequested();
                await ServeAsync(tripId);
            }
        }
        catch (Exception e) when (RedisStore.IsFailure(e))
        {
            // The store is away: what is due stays due.
            LogWaiting(e.Message);
        }
    }

    private async Task ServeAsync(string tripId)
    {
        if ((book.Find(tripId) ?? await store.ReadTripAsync(tripId)) is not { } trip)
        {
            LogLost(tripId);
            return;
        }

        // Several offers of a trip may be due at once: each is an event of its own.
        for (var due = trip.Offers.Count(o => o.ExpiresAt <= time.GetUtcNow()); due >= 0; due--)
        {
            DispatchEvent happened = trip switch
            {
                { Offers.IsEmpty: false } => new OfferTimeEnded(await UndeliveredAsync(trip)),
                { State: TripState.Scheduled } => new SearchDue(),
                { State: TripState.Searching } => new SearchTimeEnded(),
                _ => new TripTimeEnded(),
            };
            if (await dispatcher.DispatchAsync(tripId, happened) is not Decided { Result: Transition { Trip: { IsFinal: false } next } } || due == 0)
            {
                return;
            }

            trip = next;
        }
    }

    // What a phone has not acknowledged is still in its outbox.
    private async Task<ImmutableArray<string>> UndeliveredAsync(Trip trip)
    {
        var undelivered = ImmutableArray.CreateBuilder<string>();
        foreach (var offer in trip.Offers.Where(o => o.ExpiresAt <= time.GetUtcNow()))
        {
            if (await outbox.IsWaitingAsync(offer.DriverId, CommandWire.OfferField(offer.Id)))
            {
                undelivered.Add(offer.DriverId);
            }
        }

        return undelivered.ToImmutable();
    }

    [LoggerMessage(LogLevel.Debug, "Deadlines wait for the store: {Message}")]
    private partial void LogWaiting(string message);

    [LoggerMessage(LogLevel.Error, "The store has a deadline for the trip {TripId} but not the trip")]
    private partial void LogLost(string tripId);
}
