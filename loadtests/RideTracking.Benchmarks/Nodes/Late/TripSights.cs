using System.Diagnostics;
using RideTracking.V1;

namespace RideTracking.Benchmarks.Nodes.Late;

/// <summary>Trips that are asked for, cancelled, offered, shared, and incidents on them.</summary>
internal static class TripSights
{
    private const int QuietSite = 1;
    private const int OfferSite = 2;

    /// <summary>Trips that nobody drives: found after the answer, then cancelled before watchers of the trip and of all events.</summary>
    public static async Task EventsAsync(LateCity city, int times, List<Lateness> table)
    {
        var (found, watched, told) = (new Lateness("GetTrip, after the answer to the request"), new Lateness("trip event to WatchTrip"), new Lateness("trip event to WatchTripEvents"));
        table.AddRange([found, watched, told]);
        using var eventsHere = city.Here.Dispatch.WatchTripEvents(new WatchTripEventsRequest(), city.Here.Service);
        using var eventsThere = city.There.Dispatch.WatchTripEvents(new WatchTripEventsRequest(), city.There.Service);
        using var here = new StreamWatch<WatchTripEventsResponse>(eventsHere.ResponseStream);
        using var there = new StreamWatch<WatchTripEventsResponse>(eventsThere.ResponseStream);
        for (var i = 0; i < times; i++)
        {
            var trip = await city.RequestAsync(city.Here, QuietSite);
            var answered = Stopwatch.GetTimestamp();
            await found.AddAsync(answered, FindAsync(city.Here, trip.TripId), FindAsync(city.There, trip.TripId));

            using var callHere = city.Here.Riders.WatchTrip(new WatchTripRequest { TripId = trip.TripId }, city.Here.Service);
            using var callThere = city.There.Riders.WatchTrip(new WatchTripRequest { TripId = trip.TripId }, city.There.Service);
            using var tripHere = new StreamWatch<WatchTripResponse>(callHere.ResponseStream);
            using var tripThere = new StreamWatch<WatchTripResponse>(callThere.ResponseStream);
            await Task.WhenAll(tripHere.WhenAsync(_ => true), tripThere.WhenAsync(_ => true));
            Task<long>[] seen =
            [
                tripHere.WhenAsync(IsCancelled), tripThere.WhenAsync(IsCancelled), here.WhenAsync(r => IsCancellation(r, trip.TripId)), there.WhenAsync(r => IsCancellation(r, trip.TripId)),
            ];
            var started = Stopwatch.GetTimestamp();
            await LateCity.CancelAsync(city.Here, trip.TripId);
            await watched.AddAsync(started, seen[0], seen[1]);
            await told.AddAsync(started, seen[2], seen[3]);
        }
    }

    /// <summary>A driver on the first node is offered what is asked for on the first, or on the other; and is told what ops say there.</summary>
    public static async Task CommandsAsync(LateCity city, int times, List<Lateness> table)
    {
        var (offered, messaged) = (new Lateness("trip requested to offer on the driver's stream"), new Lateness("driver message on the driver's stream"));
        table.AddRange([offered, messaged]);
        using var phone = await NodePhone.ConnectAsync(city.Here, city.NextId(), LateCity.At(OfferSite, 100));
        for (var i = 0; i < 2 * times; i++)
        {
            var isHere = i % 2 == 0;
            var node = isHere ? city.Here : city.There;
            await phone.ReportAsync(LateCity.At(OfferSite, 100 + (10 * (i % 2))), TimeSpan.FromSeconds(4));
            var offer = phone.Messages.WhenAsync(m => m.Command?.TripOffer is not null);
            var started = Stopwatch.GetTimestamp();
            var trip = await city.RequestAsync(node, OfferSite);
            var late = Lateness.Milliseconds(started, await offer);
            Add(offered, isHere, late);
            var withdrawn = phone.Messages.WhenAsync(m => m.Command?.OfferWithdrawn is not null);
            await LateCity.CancelAsync(node, trip.TripId);
            await withdrawn;

            var message = phone.Messages.WhenAsync(m => m.Command?.DriverMessage is not null);
            started = Stopwatch.GetTimestamp();
            await node.Dispatch.SendDriverMessageAsync(new SendDriverMessageRequest { RequestId = city.NextId(), DriverId = phone.DriverId, Text = "turn back" }, node.Service);
            Add(messaged, isHere, Lateness.Milliseconds(started, await message));
        }
    }

    /// <summary>Links to a trip, and incidents on it.</summary>
    public static async Task SharesAndIncidentsAsync(LateCity city, string tripId, int times, List<Lateness> table)
    {
        var (shared, raised) = (new Lateness("share link can be used, after the answer"), new Lateness("incident to WatchIncidents"));
        table.AddRange([shared, raised]);
        using var callHere = city.Here.Dispatch.WatchIncidents(new WatchIncidentsRequest(), city.Here.Service);
        using var callThere = city.There.Dispatch.WatchIncidents(new WatchIncidentsRequest(), city.There.Service);
        using var here = new StreamWatch<WatchIncidentsResponse>(callHere.ResponseStream);
        using var there = new StreamWatch<WatchIncidentsResponse>(callThere.ResponseStream);
        await Task.WhenAll(here.WhenAsync(r => r.SnapshotComplete), there.WhenAsync(r => r.SnapshotComplete));
        for (var i = 0; i < times; i++)
        {
            var link = await city.Here.Riders.CreateShareLinkAsync(new CreateShareLinkRequest { RequestId = city.NextId(), TripId = tripId }, city.Here.Service);
            var answered = Stopwatch.GetTimestamp();
            await shared.AddAsync(answered, UseAsync(city.Here, link.Token), UseAsync(city.There, link.Token));
            await city.Here.Riders.RevokeShareLinkAsync(new RevokeShareLinkRequest { LinkId = link.LinkId }, city.Here.Service);

            var note = city.NextId();
            var (seenHere, seenThere) = (here.WhenAsync(IsNew), there.WhenAsync(IsNew));
            var incidentId = "";
            await raised.AddAsync(
                async () => incidentId = (await city.Here.Riders.RaiseIncidentAsync(
                    new RaiseIncidentRequest { RequestId = note, TripId = tripId, Kind = IncidentKind.Vehicle, Note = note }, city.Here.Service)).IncidentId,
                seenHere, seenThere);
            await city.Here.Dispatch.CloseIncidentAsync(new CloseIncidentRequest { IncidentId = incidentId, Note = "seen" }, city.Here.Service);

            bool IsNew(WatchIncidentsResponse response) => response.Incidents.Any(n => n.Note == note);
        }
    }

    public static void Add(Lateness lateness, bool isHere, double milliseconds)
    {
        if (isHere)
        {
            lateness.AddSame(milliseconds);
        }
        else
        {
            lateness.AddOther(milliseconds);
        }
    }

    private static Task<long> FindAsync(NodeClient node, string tripId) =>
        LateCity.WhenAsync(async () => (await node.Riders.GetTripAsync(new GetTripRequest { TripId = tripId }, node.Service)).Trip is not null);

    private static Task<long> UseAsync(NodeClient node, string token) => LateCity.WhenAsync(async () =>
    {
        using var watch = node.Riders.WatchSharedTrip(new WatchSharedTripRequest { Token = token });
        return await watch.ResponseStream.MoveNext(CancellationToken.None);
    });

    private static bool IsCancelled(WatchTripResponse response) => response.Trip?.State == TripState.Cancelled;

    private static bool IsCancellation(WatchTripEventsResponse response, string tripId) => response.Events.Any(e => e.TripId == tripId && e.Event.Kind == TripEventKind.Cancelled);
}
