using Google.Protobuf.WellKnownTypes;
using Microsoft.Extensions.Options;
using RideTracking.Server.Hosting;
using RideTracking.Server.Store.Events;

namespace RideTracking.Server.Trips;

/// <summary>
/// Lets go what is kept no longer: events beyond <see cref="TripOptions.EventsKept"/> or older than
/// <see cref="TripOptions.Retention"/>, and the index of trips that ended before that. The trips themselves expire in the
/// store. Any node does it; twice is harmless.
/// </summary>
internal sealed class TripRetention(
    EventLog<V1.LoggedTripEvent> events, TripStore trips, IOptions<TripOptions> options, ServerClock clock, Loops loops)
    : LoopService(loops.Create("trip_retention", clock), EverySecond)
{
    private const int Page = 500;

    protected override async Task LookAsync(CancellationToken stopping)
    {
        var before = clock.GetUtcNow() - options.Value.Retention;
        await trips.ForgetEndedBeforeAsync(before);
        var newest = await events.NewestAsync();
        if (newest > (ulong)options.Value.EventsKept)
        {
            await events.RemoveThroughAsync(newest - (ulong)options.Value.EventsKept);
        }

        await RemoveRecordedBeforeAsync(before.ToTimestamp());
    }

    private async Task RemoveRecordedBeforeAsync(Timestamp time)
    {
        while (true)
        {
            var page = await events.ReadAsync(0, Page);
            // Another node may have removed some meanwhile.
            if (page.TakeWhile(e => e.Event.RecordedAt < time).LastOrDefault() is not { } last)
            {
                return;
            }

            await events.RemoveThroughAsync(last.Cursor);
        }
    }
}
