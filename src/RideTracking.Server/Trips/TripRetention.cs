using Google.Protobuf.WellKnownTypes;
using Microsoft.Extensions.Options;
using RideTracking.Server.Hosting;
using RideTracking.Server.Store;
using RideTracking.Server.Store.Events;

namespace RideTracking.Server.Trips;

/// <summary>
/// Lets go what is kept no longer: events beyond <see cref="TripOptions.EventsKept"/> or older than
/// <see cref="TripOptions.Retention"/>, and the index of trips that ended before that. The trips themselves expire in the
/// store. Any node does it; twice is harmless.
/// </summary>
internal sealed partial class TripRetention(
    EventLog<V1.LoggedTripEvent> events, TripStore trips, IOptions<TripOptions> options, ServerClock clock, ILogger<TripRetention> logger) : OnceASecond(clock)
{
    private const int Page = 500;

    protected override async Task LookAsync()
    {
        try
        {
            var before = Clock.GetUtcNow() - options.Value.Retention;
            await trips.ForgetEndedBeforeAsync(before);
            var newest = await events.NewestAsync();
            if (newest > (ulong)options.Value.EventsKept)
            {
                await events.RemoveThroughAsync(newest - (ulong)options.Value.EventsKept);
            }

            await RemoveRecordedBeforeAsync(before.ToTimestamp());
        }
        catch (Exception e) when (RedisStore.IsFailure(e))
        {
            // The store is away: it is tried again in a second.
            LogWaiting(e.Message);
        }
    }

    private async Task RemoveRecordedBeforeAsync(Timestamp time)
    {
        while (true)
        {
            var oldest = await events.ReadAsync(0, 1);
            if (oldest.Count == 0 || oldest[0].Event.RecordedAt >= time)
            {
                return;
            }

            var page = await events.ReadAsync(0, Page);
            await events.RemoveThroughAsync(page.TakeWhile(e => e.Event.RecordedAt < time).Last().Cursor);
        }
    }

    [LoggerMessage(LogLevel.Debug, "What is kept no longer waits for the store: {Message}")]
    private partial void LogWaiting(string message);
}
