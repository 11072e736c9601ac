using Microsoft.Extensions.Options;
using RideTracking.Engine.Dispatch;
using RideTracking.Server.Storage;
using RideTracking.Server.Storage.Trips;

namespace RideTracking.Server.Dispatch;

/// <summary>
/// Serves what is due: offers not answered, searches and trips that lasted too long. It asks the store, not the book, so a
/// trip reaches its end even if every node that knew it died.
/// </summary>
internal sealed partial class Deadlines(
    TripStore store, TripBook book, Dispatcher dispatcher, IOptions<TripOptions> options, TimeProvider time, ILogger<Deadlines> logger) : BackgroundService
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

    private async Task ServeAsync(CancellationToken stopping)
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

        DispatchEvent happened = trip switch
        {
            { Offer: not null } => new OfferTimeEnded(),
            { State: TripState.Searching } => new SearchTimeEnded(),
            _ => new TripTimeEnded(),
        };
        await dispatcher.DispatchAsync(tripId, happened);
    }

    [LoggerMessage(LogLevel.Debug, "Deadlines wait for the store: {Message}")]
    private partial void LogWaiting(string message);

    [LoggerMessage(LogLevel.Error, "The store has a deadline for the trip {TripId} but not the trip")]
    private partial void LogLost(string tripId);
}
