using Microsoft.Extensions.Options;
using RideTracking.Engine.Dispatch;
using RideTracking.Server.Areas;
using RideTracking.Server.Hosting;
using RideTracking.Server.Log;

namespace RideTracking.Server.Trips;

/// <summary>
/// Serves what is due: offers not answered, scheduled searches, searches and trips that lasted too long. It asks the store, not the book, so a
/// trip reaches its end even if every node that knew it died. The node that holds the area's work does it.
/// </summary>
internal sealed class Deadlines(
    Area area, TripStore store, TripBook book, Dispatcher dispatcher, NodeLease lease, IOptions<TripOptions> options)
    : LoopService(area.Loop("deadlines"), options.Value.TickInterval)
{
    private const int Page = 1000;

    protected override async Task LookAsync(CancellationToken stopping)
    {
        if (!await lease.HoldsWorkAsync())
        {
            return;
        }

        var looked = new HashSet<string>(StringComparer.Ordinal);
        for (var skipped = 0; ;)
        {
            var due = await store.ReadDueAsync(area.Clock.GetUtcNow(), Page, skipped);
            var left = 0;
            foreach (var tripId in due)
            {
                stopping.ThrowIfCancellationRequested();
                if (!looked.Add(tripId) || !await Loop.TryAsync(tripId, () => ServeAsync(tripId), stopping))
                {
                    left++;
                }
            }

            // What cannot be served stays due, and first: the others are behind it.
            skipped += left;
            if (due.Length < Page || left == 0)
            {
                return;
            }
        }
    }

    private async Task ServeAsync(string tripId)
    {
        var trip = book.Find(tripId) ?? await store.ReadTripAsync(tripId)
            ?? throw new InvalidOperationException($"The store has a deadline for the trip {tripId} but not the trip.");

        // Several offers of a trip may be due at once: each is an event of its own.
        for (var due = trip.Offers.Count(o => o.ExpiresAt <= area.Clock.GetUtcNow()); due >= 0; due--)
        {
            DispatchEvent happened = trip switch
            {
                { Offers.IsEmpty: false } => new OfferTimeEnded(),
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
}
