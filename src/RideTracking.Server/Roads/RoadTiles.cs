using System.IO.Compression;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Microsoft.Extensions.Caching.Memory;
using NetTopologySuite.Features;
using NetTopologySuite.Geometries;
using NetTopologySuite.IO.VectorTiles;
using NetTopologySuite.IO.VectorTiles.Mapbox;
using NetTopologySuite.Simplify;
using RideTracking.Engine.Geo;
using RideTracking.Engine.Roads.Graph;
using Tile = NetTopologySuite.IO.VectorTiles.Tiles.Tile;

namespace RideTracking.Server.Roads;

/// <summary>
/// The streets of a road graph as vector tiles (Mapbox Vector Tile 2.1) for the map page: one layer <c>roads</c> of
/// lines with <c>class</c> (motorway, trunk, primary, secondary, tertiary, unclassified, residential, living_street,
/// service, track, ferry) and, where they apply, <c>name</c>, <c>link</c>, <c>tunnel</c> and <c>bridge</c>. The farther
/// away one looks, the fewer classes there are. Thread-safe.
/// </summary>
public sealed class RoadTiles : IDisposable
{
    /// <summary>The zooms that there are tiles of; the map enlarges the last ones.</summary>
    public const int MinZoom = 6, MaxZoom = 14;

    /// <summary>Name of the one layer.</summary>
    public const string Layer = "roads";

    // Rises when the same graph gives other tiles.
    private const int Format = 2;
    private const int Extent = 4096;
    private const double MarginOfTile = 1 / 32.0;
    private const int NamesFromZoom = 12;
    private const long CachedBytes = 32 << 20;

    private readonly RoadGraph _graph;
    private readonly StreetsByZoom _streets;
    // Many look at the same places; what was not asked for lately is cheap to make again.
    private readonly MemoryCache _cache = new(new MemoryCacheOptions { SizeLimit = CachedBytes });

    public RoadTiles(RoadGraph graph)
    {
        ArgumentNullException.ThrowIfNull(graph);
        _graph = graph;
        _streets = new StreetsByZoom(graph);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(BitConverter.GetBytes(Format));
        for (var segment = 0; segment < graph.SegmentCount; segment++)
        {
            ref readonly var traits = ref graph.Segment(segment);
            hash.AppendData(MemoryMarshal.AsBytes<int>([(int)traits.Class, (int)traits.Flags, traits.LengthCentimeters]));
            hash.AppendData(MemoryMarshal.AsBytes<char>(graph.NameOf(segment)));
            for (var i = 0; i < graph.PointCount(segment); i++)
            {
                var point = graph.PointOf(segment, i);
                hash.AppendData(MemoryMarshal.AsBytes<double>([point.LatitudeDegrees, point.LongitudeDegrees]));
            }
        }

        Version = Convert.ToHexStringLower(hash.GetHashAndReset().AsSpan(0, 8));
    }

    /// <summary>Another one when the tiles are others.</summary>
    public string Version { get; }

    /// <summary>Where there are roads.</summary>
    public GeoRectangle Bounds => _streets.Bounds;

    /// <summary>Whether there can be such a tile, with roads or without.</summary>
    public static bool Exists(int zoom, int x, int y) => zoom is >= 0 and <= MaxZoom && x >= 0 && y >= 0 && x < 1 << zoom && y < 1 << zoom;

    /// <summary>A tile of the web's scheme (y from the north), compressed with gzip; empty where there are no roads.</summary>
    public ReadOnlyMemory<byte> Get(int zoom, int x, int y)
    {
        if (!Exists(zoom, x, y) || zoom < MinZoom)
        {
            return default;
        }

        // Two who ask at once for a tile that is not there both make it: no harm, and nobody waits.
        return _cache.GetOrCreate((zoom, x, y), entry =>
        {
            var tile = Make(new Tile(x, y, zoom));
            entry.Size = tile.Length + 200;
            return tile;
        })!;
    }

    /// <inheritdoc/>
    public void Dispose() => _cache.Dispose();

    private static string NameOf(RoadClass roadClass) => roadClass switch
    {
        RoadClass.LivingStreet => "living_street",
        _ => roadClass.ToString().ToLowerInvariant(),
    };

    private byte[] Make(Tile tile)
    {
        var area = new Envelope(tile.Left, tile.Right, tile.Bottom, tile.Top);
        area.ExpandBy(area.Width * MarginOfTile, area.Height * MarginOfTile);
        var roads = new Layer { Name = Layer };
        foreach (var (look, lines) in LinesIn(area, tile.Zoom))
        {
            var pieces = lines.SelectMany(line => LineClip.Inside(Simplified(line, tile), area)).Select(piece => new LineString(piece)).ToArray();
            if (pieces.Length > 0)
            {
                roads.Features.Add(new Feature(new MultiLineString(pieces), AttributesOf(look)));
            }
        }

        if (roads.Features.Count == 0)
        {
            return [];
        }

        using var bytes = new MemoryStream();
        using (var gzip = new GZipStream(bytes, CompressionLevel.Fastest, leaveOpen: true))
        {
            new VectorTile { TileId = tile.Id, Layers = { roads } }.Write(gzip, minLinealExtent: 1, minPolygonalExtent: 1, Extent);
        }

        return bytes.ToArray();
    }

    private Dictionary<Look, List<StreetLine>> LinesIn(Envelope area, int zoom)
    {
        var found = new Dictionary<Look, List<StreetLine>>();
        foreach (var street in _streets.In(area, zoom))
        {
            ref readonly var traits = ref _graph.Segment(street.Segment);
            var look = new Look(traits.Class, traits.Flags & (RoadFlags.Link | RoadFlags.Tunnel | RoadFlags.Bridge), zoom < NamesFromZoom ? "" : _graph.NameOf(street.Segment));
            ref var lines = ref CollectionsMarshal.GetValueRefOrAddDefault(found, look, out _);
            lines ??= [];
            if (lines.Count == 0 || !lines[^1].TryContinue(_graph, street))
            {
                lines.Add(new StreetLine(_graph, street));
            }
        }

        return found;
    }

    private static Coordinate[] Simplified(StreetLine line, Tile tile)
    {
        var points = line.Points.ToArray();
        return tile.Zoom == MaxZoom || points.Length < 3
            ? points
            : DouglasPeuckerSimplifier.Simplify(new LineString(points), (tile.Right - tile.Left) / Extent * 2).Coordinates;
    }

    private static AttributesTable AttributesOf(in Look look)
    {
        var attributes = new AttributesTable { { "class", NameOf(look.Class) } };
        if (look.Name.Length > 0)
        {
            attributes.Add("name", look.Name);
        }

        foreach (var (flag, name) in new[] { (RoadFlags.Link, "link"), (RoadFlags.Tunnel, "tunnel"), (RoadFlags.Bridge, "bridge") })
        {
            if (look.Flags.HasFlag(flag))
            {
                attributes.Add(name, true);
            }
        }

        return attributes;
    }

    /// <summary>What roads must have in common to be one feature.</summary>
    private readonly record struct Look(RoadClass Class, RoadFlags Flags, string Name);
}
