using System.Diagnostics;
using RideTracking.V1;

namespace RideTracking.Benchmarks.Nodes.Late;

/// <summary>What the company and ops say: directory, zones, who is blocked, who waits where.</summary>
internal static class CompanySights
{
    private const int ZoneSite = 3;
    private const int BlockSite = 4;
    private const int QueueSite = 5;

    // Longer than the look of a second that queues are kept by.
    private static readonly TimeSpan OneLook = TimeSpan.FromMilliseconds(1_300);

    /// <summary>Entries of the directory, and zones.</summary>
    public static async Task EntriesAsync(LateCity city, int times, List<Lateness> table)
    {
        var (entered, made) = (new Lateness("directory entry"), new Lateness("zone made or changed"));
        table.AddRange([entered, made]);
        for (var i = 0; i < times; i++)
        {
            var name = city.NextId();
            var started = Stopwatch.GetTimestamp();
            var (here, there) = (EnteredAsync(city.Here, name), EnteredAsync(city.There, name));
            await city.Here.Directory.UpsertRiderAsync(new UpsertRiderRequest { Rider = new Rider { RiderId = "rider-late", DisplayName = name } }, city.Here.Service);
            await entered.AddAsync(started, here, there);

            started = Stopwatch.GetTimestamp();
            (here, there) = (MadeAsync(city.Here, name), MadeAsync(city.There, name));
            await UpsertAsync(city, "zone-late", name, ZoneKind.Geofence, ZoneSite, 500);
            await made.AddAsync(started, here, there);
        }
    }

    /// <summary>A driver on the first node drives into a zone and out of it.</summary>
    public static async Task ZoneEventsAsync(LateCity city, int times, List<Lateness> table)
    {
        var told = new Lateness("zone event to WatchZoneEvents");
        table.Add(told);
        await UpsertAsync(city, "zone-events", "zone", ZoneKind.Geofence, ZoneSite, 500);
        using var phone = await NodePhone.ConnectAsync(city.Here, city.NextId(), LateCity.At(ZoneSite));
        using var callHere = city.Here.Fleet.WatchZoneEvents(new WatchZoneEventsRequest { ZoneIds = { "zone-events" } }, city.Here.Ops);
        using var callThere = city.There.Fleet.WatchZoneEvents(new WatchZoneEventsRequest { ZoneIds = { "zone-events" } }, city.There.Ops);
        using var here = new StreamWatch<WatchZoneEventsResponse>(callHere.ResponseStream);
        using var there = new StreamWatch<WatchZoneEventsResponse>(callThere.ResponseStream);
        await Task.WhenAll(here.WhenAsync(_ => true), there.WhenAsync(_ => true));
        for (var i = 0; i < times; i++)
        {
            var kind = i % 2 == 0 ? ZoneEventKind.Enter : ZoneEventKind.Exit;
            var (seenHere, seenThere) = (here.WhenAsync(r => r.Events.Any(e => e.Kind == kind)), there.WhenAsync(r => r.Events.Any(e => e.Kind == kind)));
            await told.AddAsync(() => phone.ReportAsync(LateCity.At(ZoneSite, i % 2 == 0 ? 1_000 : 0), TimeSpan.FromMinutes(2)), seenHere, seenThere);
        }
    }

    /// <summary>A driver on the first node is blocked there, or on the other.</summary>
    public static async Task BlocksAsync(LateCity city, int times, List<Lateness> table)
    {
        var closed = new Lateness("driver blocked, the stream closes");
        table.Add(closed);
        for (var i = 0; i < 2 * times; i++)
        {
            var node = i % 2 == 0 ? city.Here : city.There;
            using var phone = await NodePhone.ConnectAsync(city.Here, city.NextId(), LateCity.At(BlockSite));
            var closing = phone.Messages.WhenAsync(m => m.StreamClosing?.Reason == StreamClosingReason.Blocked);
            var started = Stopwatch.GetTimestamp();
            await node.Dispatch.BlockDriverAsync(new BlockDriverRequest { DriverId = phone.DriverId, Reason = "papers" }, node.Service);
            TripSights.Add(closed, i % 2 == 0, Lateness.Milliseconds(started, await closing));
        }
    }

    /// <summary>A driver in a queue zone is available again: on the node that keeps the queues, or on the other.</summary>
    public static async Task QueuesAsync(LateCity city, int times, List<Lateness> table)
    {
        var placed = new Lateness("place in a queue, told to the driver");
        table.Add(placed);
        await UpsertAsync(city, "zone-queue", "queue", ZoneKind.Queue, QueueSite, 0);
        using var here = await NodePhone.ConnectAsync(city.Here, city.NextId(), LateCity.At(QueueSite, 500));
        using var there = await NodePhone.ConnectAsync(city.There, city.NextId(), LateCity.At(QueueSite, 510));
        await Task.Delay(OneLook);
        var random = new Random(1);
        for (var i = 0; i < times; i++)
        {
            foreach (var (phone, isHere) in new[] { (here, true), (there, false) })
            {
                await phone.ActAsync(new DriverAction { SetAvailability = new SetAvailability { Availability = DriverAvailability.Paused } });
                await Task.Delay(OneLook + TimeSpan.FromMilliseconds(random.Next(1_000)));
                // It is still heard of, so it is still there.
                await phone.ReportAsync(phone.PlaceE7, TimeSpan.FromSeconds(2));
                var told = phone.Messages.WhenAsync(m => m.Command?.QueuePosition is { Position: > 0 });
                var started = Stopwatch.GetTimestamp();
                await phone.ActAsync(new DriverAction { SetAvailability = new SetAvailability { Availability = DriverAvailability.Available } });
                TripSights.Add(placed, isHere, Lateness.Milliseconds(started, await told));
            }
        }
    }

    private static async Task UpsertAsync(LateCity city, string zoneId, string name, ZoneKind kind, int site, int northMeters) => await city.Here.Fleet.UpsertZoneAsync(
        new UpsertZoneRequest { Zone = new Zone { ZoneId = zoneId, DisplayName = name, Kind = kind, GeoJson = LateCity.Square(site, northMeters) } }, city.Here.Ops);

    private static Task<long> EnteredAsync(NodeClient node, string name) =>
        LateCity.WhenAsync(async () => (await node.Directory.ListRidersAsync(new ListRidersRequest(), node.Service)).Riders.Any(r => r.DisplayName == name));

    private static Task<long> MadeAsync(NodeClient node, string name) =>
        LateCity.WhenAsync(async () => (await node.Fleet.ListZonesAsync(new ListZonesRequest(), node.Ops)).Zones.Any(z => z.DisplayName == name));
}
