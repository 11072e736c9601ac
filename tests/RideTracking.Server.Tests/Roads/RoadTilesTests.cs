using System.IO.Compression;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using NetTopologySuite.Geometries;
using NetTopologySuite.IO.VectorTiles;
using NetTopologySuite.IO.VectorTiles.Mapbox;
using RideTracking.Engine.Geo;
using RideTracking.Engine.Roads.Graph;
using RideTracking.Server.Access;
using RideTracking.Server.Api;
using RideTracking.Server.Areas;
using RideTracking.Server.Roads;
using RideTracking.Server.Tests.Fixtures;
using Tile = NetTopologySuite.IO.VectorTiles.Tiles.Tile;

namespace RideTracking.Server.Tests.Roads;

public sealed class RoadTilesTests
{
    private static readonly GeoPoint Center = new(41.16, -8.62);
    private static readonly RoadGraph City = StreetGrid.Build(new StreetGridPlan { Center = Center });

    [Theory]
    [InlineData(41.16, -8.62)]
    [InlineData(-17.8, 180)]
    [InlineData(65.1, -179.999)]
    public void Every_street_is_in_the_nearest_tiles_in_full_length_with_its_class_and_name(double latitude, double longitude)
    {
        var city = StreetGrid.Build(new StreetGridPlan { Center = new GeoPoint(latitude, longitude), WidthMeters = 3_000, HeightMeters = 3_000 });
        using var tiles = new RoadTiles(city);
        var expected = new Dictionary<(string, string), double>();
        for (var segment = 0; segment < city.SegmentCount; segment++)
        {
            var key = (Class(city.Segment(segment).Class), city.NameOf(segment));
            expected[key] = expected.GetValueOrDefault(key) + Length(Enumerable.Range(0, city.PointCount(segment)).Select(i => city.PointOf(segment, i)));
        }

        var drawn = new Dictionary<(string, string), double>();
        foreach (var tile in TilesOver(tiles.Bounds, RoadTiles.MaxZoom))
        {
            var whole = new Envelope(tile.Left, tile.Right, tile.Bottom, tile.Top);
            foreach (var feature in Read(tiles, tile))
            {
                var attributes = feature.Attributes;
                var key = ((string)attributes["class"], attributes.Exists("name") ? (string)attributes["name"] : "");
                // The margin is drawn by the neighbours, too.
                var inside = Lines(feature.Geometry).SelectMany(line => LineClip.Inside(line.Coordinates, whole));
                drawn[key] = drawn.GetValueOrDefault(key)
                    + inside.Sum(line => Length(line.Select(point => new GeoPoint(point.Y, point.X))));
            }
        }

        Assert.Equal(expected.Keys.Order(), drawn.Keys.Order());
        foreach (var (key, meters) in expected)
        {
            // A tile's grid is half a metre.
            Assert.InRange(drawn[key], meters * 0.99 - 2, meters * 1.01 + 2);
        }
    }

    [Fact]
    public void The_farther_away_the_fewer_classes()
    {
        using var tiles = new RoadTiles(City);
        var classes = Enumerable.Range(RoadTiles.MinZoom, RoadTiles.MaxZoom - RoadTiles.MinZoom + 1).ToDictionary(
            zoom => zoom,
            zoom => TilesOver(tiles.Bounds, zoom).SelectMany(tile => Read(tiles, tile)).Select(feature => (string)feature.Attributes["class"]).Distinct().Order().ToArray());
        Assert.Equal([], classes[7]);
        Assert.Equal(["primary"], classes[8]);
        Assert.Equal(["primary", "secondary"], classes[11]);
        Assert.Equal(["primary", "residential", "secondary"], classes[13]);
        Assert.Equal(["primary", "residential", "secondary", "service"], classes[14]);
    }

    [Fact]
    public void Where_no_roads_are_a_tile_is_empty_and_the_version_is_that_of_the_roads()
    {
        using var tiles = new RoadTiles(City);
        Assert.True(tiles.Get(12, 0, 0).IsEmpty);
        Assert.True(tiles.Bounds.Contains(Center));
        using var again = new RoadTiles(StreetGrid.Build(new StreetGridPlan { Center = Center }));
        using var other = new RoadTiles(StreetGrid.Build(new StreetGridPlan { Center = Center, Seed = 2 }));
        Assert.Equal(tiles.Version, again.Version);
        Assert.NotEqual(tiles.Version, other.Version);
    }

    [Fact]
    public async Task Tiles_are_served_to_ops_and_kept_by_the_browser_until_the_roads_are_others()
    {
        await using var host = await StartAsync(City);
        using var client = Client(host, Role.Ops);
        var json = await client.GetStringAsync("tiles/roads.json", Cancel);
        var description = JsonDocument.Parse(json).RootElement;
        Assert.Equal((6, 14), (description.GetProperty("minzoom").GetInt32(), description.GetProperty("maxzoom").GetInt32()));
        Assert.Contains("© OpenStreetMap contributors", description.GetProperty("attribution").GetString(), StringComparison.Ordinal);
        var tile = Tile.CreateAroundLocation(Center.LatitudeDegrees, Center.LongitudeDegrees, 14)!;
        var address = description.GetProperty("tiles")[0].GetString()!.Replace("{z}/{x}/{y}", $"14/{tile.X}/{tile.Y}", StringComparison.Ordinal);

        using var response = await client.GetAsync(address, Cancel);
        Assert.Equal("application/vnd.mapbox-vector-tile", response.Content.Headers.ContentType!.MediaType);
        Assert.True(response.Headers.CacheControl is { Private: true, MaxAge.TotalHours: 24 });
        await using var body = await response.Content.ReadAsStreamAsync(Cancel);
        Assert.NotEmpty(new MapboxTileReader().Read(body, tile).Layers.Single().Features);

        using var compressed = new HttpRequestMessage(HttpMethod.Get, address) { Headers = { AcceptEncoding = { new("gzip") } } };
        using var packed = await client.SendAsync(compressed, Cancel);
        Assert.Equal(["gzip"], packed.Content.Headers.ContentEncoding);
        using var known = new HttpRequestMessage(HttpMethod.Get, $"tiles/roads/14/{tile.X}/{tile.Y}.mvt") { Headers = { IfNoneMatch = { response.Headers.ETag! } } };
        using var unchanged = await client.SendAsync(known, Cancel);
        Assert.Equal((HttpStatusCode.NotModified, true), (unchanged.StatusCode, unchanged.Headers.CacheControl!.NoCache));
        Assert.Equal(HttpStatusCode.NoContent, (await client.GetAsync("tiles/roads/14/0/0.mvt", Cancel)).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await client.GetAsync("tiles/roads/15/0/0.mvt", Cancel)).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await client.GetAsync("tiles/roads/3/8/0.mvt", Cancel)).StatusCode);
    }

    [Theory]
    [InlineData("tiles/roads.json")]
    [InlineData("tiles/roads/14/7799/6133.mvt")]
    public async Task Nobody_else_sees_them(string address)
    {
        await using var host = await StartAsync(City);
        using var nobody = new HttpClient { BaseAddress = host.WebAddress };
        Assert.Equal(HttpStatusCode.Unauthorized, (await nobody.GetAsync(address, Cancel)).StatusCode);
        nobody.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", "forged");
        Assert.Equal(HttpStatusCode.Unauthorized, (await nobody.GetAsync(address, Cancel)).StatusCode);
        foreach (var (role, status) in new[]
        {
            (Role.Driver, HttpStatusCode.Forbidden), (Role.Rider, HttpStatusCode.Forbidden), (Role.Ops, HttpStatusCode.OK), (Role.Service, HttpStatusCode.OK),
        })
        {
            using var client = Client(host, role);
            Assert.Equal(status, (await client.GetAsync(address, Cancel)).StatusCode);
        }
    }

    [Fact]
    public async Task Without_roads_there_is_nothing_to_draw()
    {
        await using var host = await ServerHost.StartAsync();
        using var client = Client(host, Role.Ops);
        Assert.Equal(HttpStatusCode.NoContent, (await client.GetAsync("tiles/roads.json", Cancel)).StatusCode);
        Assert.Equal(HttpStatusCode.NoContent, (await client.GetAsync("tiles/roads/14/7799/6133.mvt", Cancel)).StatusCode);
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static Task<ServerHost> StartAsync(RoadGraph city) =>
        ServerHost.StartAsync(configure: builder => builder.Services.AddSingleton(
            new AreaChange(area => area.AddSingleton(new RoadTileServing(() => city, RoadTileServing.OpenStreetMap)))));

    private static HttpClient Client(ServerHost host, Role role) => new()
    {
        BaseAddress = host.WebAddress,
        DefaultRequestHeaders = { Authorization = AuthenticationHeaderValue.Parse(host.TokenOf(role, "someone").GetValue("authorization")!) },
    };

    private static IEnumerable<Tile> TilesOver(GeoRectangle bounds, int zoom)
    {
        var first = Tile.CreateAroundLocation(bounds.NorthDegrees, bounds.WestDegrees, zoom)!;
        var last = Tile.CreateAroundLocation(bounds.SouthDegrees, bounds.EastDegrees, zoom)!;
        for (var x = first.X; x <= last.X; x++)
        {
            for (var y = first.Y; y <= last.Y; y++)
            {
                yield return new Tile(x, y, zoom);
            }
        }
    }

    private static IEnumerable<NetTopologySuite.Features.IFeature> Read(RoadTiles tiles, Tile tile)
    {
        var bytes = tiles.Get(tile.Zoom, tile.X, tile.Y);
        if (bytes.IsEmpty)
        {
            return [];
        }

        using var unpacked = new GZipStream(new MemoryStream(bytes.ToArray()), CompressionMode.Decompress);
        VectorTile read = new MapboxTileReader().Read(unpacked, tile);
        return Assert.Single(read.Layers).Features;
    }

    private static IEnumerable<LineString> Lines(Geometry geometry) =>
        Enumerable.Range(0, geometry.NumGeometries).Select(i => (LineString)geometry.GetGeometryN(i));

    private static double Length(IEnumerable<GeoPoint> points) => points.Zip(points.Skip(1)).Sum(pair => Earth.DistanceMeters(pair.First, pair.Second));

    private static string Class(RoadClass roadClass) => roadClass == RoadClass.LivingStreet ? "living_street" : roadClass.ToString().ToLowerInvariant();
}
