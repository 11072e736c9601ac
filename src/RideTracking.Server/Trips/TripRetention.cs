using Google.Protobuf.WellKnownTypes;
using Microsoft.Extensions.Options;
using RideTracking.Server.Areas;
using RideTracking.Server.Hosting;
using RideTracking.Server.Log;
using RideTracking.Server.Store.Events;

namespace RideTracking.Server.Trips;

/// <summary>
/// Lets go what is kept no longer: events beyond <see cref="TripOptions.EventsKept"/> or older than
/// <see cref="TripOptions.Retention"/>, and the index of trips that ended before that. The trips themselves expire in the
/// store. The node that holds the area's work does it; twice is harmless.
/// </summary>
internal sealed class TripRetention(
    Area area, EventLog<V1.LoggedTripEvent> events, TripStore trips, NodeLease lease, IOptions<TripOptions> options)
    : LoopService(area.Loop("trip_retention"), EverySecond)
{
    private const int Page = 500;

    protected override async Task LookAsync(CancellationToken stopping)
    {
        if (!await lease.HoldsWorkAsync())
        {
            return;
        }

        var before = area.Clock.GetUtcNow() - options.Value.Retention;
        await trips.ForgetEndedBeforeAsync(before);
        var newest = await events.NewestAsync();
        if (newest.Number > (ulong)options.Value.EventsKept)
        {
            await events.RemoveThroughAsync(newest.Number - (ulong)options.Value.EventsKept);
        }

        await RemoveRecordedBeforeAsync(before.ToTimestamp());
    }

    private async Task RemoveRecordedBeforeAsync(Timestamp time)
    {
        EventPage<V1.LoggedTripEvent> page;
        var after = 0UL;
        // Most often not even the first is old.
        var most = 1;
        do
        {
            // Another node may have removed some meanwhile. One that cannot be read goes with those after it.
            page = await events.ReadAsync(after, most);
            var readable = page.Events.Where(e => e.Event is not null).ToList();
            var old = readable.TakeWhile(e => e.Event!.Event.RecordedAt < time).ToList();
            if (old.Count > 0)
            {
                await events.RemoveThroughAsync(old[^1].Entry.At.Number);
            }

            if (old.Count < readable.Count || page.Events.Count == 0)
            {
                return;
            }

            (after, most) = (page.Events[^1].Entry.At.Number, Page);
        }
        while (!page.IsLast);
    }
}
