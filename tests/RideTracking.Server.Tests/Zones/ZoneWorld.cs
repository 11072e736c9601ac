using System.Globalization;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using RideTracking.Server.Access;
using RideTracking.Server.Tests.Fixtures;
using RideTracking.V1;

namespace RideTracking.Server.Tests.Zones;

/// <summary>Zones of a running server, as ops make and watch them.</summary>
internal sealed class ZoneWorld(ServerHost server)
{
    public FleetService.FleetServiceClient Client { get; } = new(server.Channel());

    public Metadata Ops { get; } = server.TokenOf(Role.Ops, "ops");

    /// <summary>The GeoJSON of a comb, a tenth of a degree high and wide, its teeth to the north.</summary>
    public static string Comb(int teeth)
    {
        IEnumerable<(double X, double Y)> points =
            [.. Enumerable.Range(0, 2 * teeth).Select(i => (i * 0.1 / (2 * teeth), i % 2 == 0 ? 0.01 : 0.1)), (0.1, 0), (0, 0), (0, 0.01)];
        return $$"""{"type":"Polygon","coordinates":[[{{string.Join(",", points.Select(p => string.Create(CultureInfo.InvariantCulture, $"[{p.X:F6},{p.Y:F2}]")))}}]]}""";
    }

    public static Zone Zone(string id, ZoneKind kind, string geoJson, TimeSpan? dwell = null) => new()
    {
        ZoneId = id,
        DisplayName = $"Zone {id}",
        Kind = kind,
        GeoJson = geoJson,
        DwellAfter = dwell is { } time ? Duration.FromTimeSpan(time) : null,
    };

    public async Task<Zone> UpsertAsync(string id, ZoneKind kind, string geoJson, TimeSpan? dwell = null) =>
        (await Client.UpsertZoneAsync(new UpsertZoneRequest { Zone = Zone(id, kind, geoJson, dwell) }, Ops, cancellationToken: TestContext.Current.CancellationToken)).Zone;

    public AsyncServerStreamingCall<WatchZoneEventsResponse> Watch(string afterCursor, params string[] zoneIds) => Client.WatchZoneEvents(
        new WatchZoneEventsRequest { AfterCursor = afterCursor, ZoneIds = { zoneIds } }, Ops, cancellationToken: TestContext.Current.CancellationToken);

    /// <summary>The first events after a cursor (empty for all that are kept), as many as asked for and no fewer.</summary>
    public async Task<List<ZoneEvent>> ReadAsync(string afterCursor, int count, params string[] zoneIds)
    {
        using var watch = Watch(afterCursor, zoneIds);
        var events = new List<ZoneEvent>();
        while (events.Count < count && await watch.ResponseStream.MoveNext(TestContext.Current.CancellationToken))
        {
            events.AddRange(watch.ResponseStream.Current.Events);
        }

        return events;
    }
}
