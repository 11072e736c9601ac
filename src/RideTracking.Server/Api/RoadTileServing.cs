using System.IO.Compression;
using Microsoft.Net.Http.Headers;
using RideTracking.Engine.Roads.Graph;
using RideTracking.Server.Roads;

namespace RideTracking.Server.Api;

/// <summary>
/// Serves the streets to the map: <c>/tiles/roads.json</c> (TileJSON 3.0) and <c>/tiles/roads/{z}/{x}/{y}.mvt</c>. Both
/// answer 204 while there are no roads. Thread-safe.
/// </summary>
/// <param name="roads">The roads in use; null without.</param>
/// <param name="attribution">Whose map it is, as HTML, where its licence wants that to be told; else empty.</param>
public sealed class RoadTileServing(Func<RoadGraph?> roads, string attribution = "") : IDisposable
{
    /// <summary>What the licence of OpenStreetMap's data (ODbL) wants to be shown.</summary>
    public const string OpenStreetMap = "<a href=\"https://www.openstreetmap.org/copyright\" target=\"_blank\" rel=\"noreferrer\">© OpenStreetMap contributors</a>";

    private const string ContentType = "application/vnd.mapbox-vector-tile";

    private readonly Lock _turn = new();
    private RoadTiles? _tiles;
    private RoadGraph? _tiled;

    /// <summary>What tiles there are, and of which version.</summary>
    public IResult Describe(HttpContext http)
    {
        if (Current() is not { } tiles)
        {
            return Nothing(http);
        }

        http.Response.Headers.CacheControl = "private, no-cache";
        var bounds = tiles.Bounds;
        return Results.Json(new
        {
            tilejson = "3.0.0",
            // Another version is another address: a tile once loaded never has to be asked for again.
            tiles = new[] { $"tiles/roads/{{z}}/{{x}}/{{y}}.mvt?v={tiles.Version}" },
            version = tiles.Version,
            attribution,
            minzoom = RoadTiles.MinZoom,
            maxzoom = RoadTiles.MaxZoom,
            bounds = new[] { bounds.WestDegrees, bounds.SouthDegrees, bounds.EastDegrees, bounds.NorthDegrees },
            vector_layers = new[]
            {
                new
                {
                    id = RoadTiles.Layer,
                    fields = new Dictionary<string, string>
                    {
                        ["class"] = "String", ["name"] = "String", ["link"] = "Boolean", ["tunnel"] = "Boolean", ["bridge"] = "Boolean",
                    },
                },
            },
        });
    }

    /// <summary>One tile.</summary>
    public IResult Tile(HttpContext http, int zoom, int x, int y)
    {
        if (!RoadTiles.Exists(zoom, x, y))
        {
            return Results.NotFound();
        }

        if (Current() is not { } tiles)
        {
            return Nothing(http);
        }

        http.Response.Headers.CacheControl = http.Request.Query["v"] == tiles.Version ? "private, max-age=86400, immutable" : "private, no-cache";
        var tile = tiles.Get(zoom, x, y);
        if (tile.IsEmpty)
        {
            return Results.NoContent();
        }

        var tag = new EntityTagHeaderValue($"\"{tiles.Version}\"", isWeak: true);
        http.Response.Headers.Vary = HeaderNames.AcceptEncoding;
        if (http.Request.Headers.AcceptEncoding.ToString().Contains("gzip", StringComparison.OrdinalIgnoreCase))
        {
            http.Response.Headers.ContentEncoding = "gzip";
            return Results.Bytes(tile, ContentType, entityTag: tag);
        }

        return Results.Stream(new GZipStream(new MemoryStream(tile.ToArray()), CompressionMode.Decompress), ContentType, entityTag: tag);
    }

    /// <inheritdoc/>
    public void Dispose() => _tiles?.Dispose();

    private static IResult Nothing(HttpContext http)
    {
        http.Response.Headers.CacheControl = "no-store";
        return Results.NoContent();
    }

    private RoadTiles? Current()
    {
        var graph = roads();
        lock (_turn)
        {
            if (!ReferenceEquals(graph, _tiled))
            {
                // The old one is left to those who are using it.
                (_tiles, _tiled) = (graph is null ? null : new RoadTiles(graph), graph);
            }

            return _tiles;
        }
    }
}
