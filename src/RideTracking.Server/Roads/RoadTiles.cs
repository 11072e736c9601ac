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
    private const int Format = 1;
    private const int Extent = 4096;
    private const double MarginOfTile = 1 / 32.0;
    private const int NamesFromZoom = 12;
    private const long CachedBytes = 32 << 20;

    private readonly RoadGraph _graph;
    private readonly Box[] _boxes;
    // Many look at the same places; what was not asked for lately is cheap to make again.
    private readonly MemoryCache _cache = new(new MemoryCacheOptions { SizeLimit = CachedBytes });

    public RoadTiles(RoadGraph graph)
    {
        ArgumentNullException.ThrowIfNull(graph);
        _graph = graph;
        _boxes = new Box[graph.SegmentCount];
        var all = Box.Nothing;
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(BitConverter.GetBytes(Format));
        for (var segment = 0; segment < _boxes.Length; segment++)
        {
            ref readonly var traits = ref graph.Segment(segment);
            hash.AppendData(MemoryMarshal.AsBytes<int>([(int)traits.Class, (int)traits.Flags, traits.LengthCentimeters]));
            hash.AppendData(MemoryMarshal.AsBytes<char>(graph.NameOf(segment)));
            var box = Box.Nothing;
            for (var i = 0; i < graph.PointCount(segment); i++)
            {
                var point = graph.PointOf(segment, i);
                hash.AppendData(MemoryMarshal.AsBytes<double>([point.LatitudeDegrees, point.LongitudeDegrees]));
                box = box.With(point);
            }

            _boxes[segment] = box;
            all = all.With(box);
        }

        Version = Convert.ToHexStringLower(hash.GetHashAndReset().AsSpan(0, 8));
        Bounds = all == Box.Nothing ? default : new GeoRectangle(all.South, all.West, all.North, all.East);
    }

    /// <summary>Another one when the tiles are others.</summary>
    public string Version { get; }

    /// <summary>Where there are roads.</summary>
    public GeoRectangle Bounds { get; }

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

    private static RoadClass LastClassAt(int zoom) => zoom switch
    {
        < 8 => RoadClass.Trunk,
        < 10 => RoadClass.Primary,
        10 => RoadClass.Secondary,
        11 => RoadClass.Tertiary,
        12 => RoadClass.Residential,
        13 => RoadClass.LivingStreet,
        _ => RoadClass.Track,
    };

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

    // All boxes are looked at: a city has a few hundred thousand, which takes less than a millisecond.
    private Dictionary<Look, List<Line>> LinesIn(Envelope area, int zoom)
    {
        var last = LastClassAt(zoom);
        var found = new Dictionary<Look, List<Line>>();
        for (var segment = 0; segment < _boxes.Length; segment++)
        {
            if (!_boxes[segment].Touches(area))
            {
                continue;
            }

            ref readonly var traits = ref _graph.Segment(segment);
            if (traits.Class > last && !(traits.Class == RoadClass.Ferry && zoom >= 9))
            {
                continue;
            }

            var look = new Look(traits.Class, traits.Flags & (RoadFlags.Link | RoadFlags.Tunnel | RoadFlags.Bridge), zoom < NamesFromZoom ? "" : _graph.NameOf(segment));
            ref var lines = ref CollectionsMarshal.GetValueRefOrAddDefault(found, look, out _);
            lines ??= [];
            if (lines.Count == 0 || !lines[^1].TryContinue(traits, segment, _graph))
            {
                lines.Add(new Line(traits, segment, _graph));
            }
        }

        return found;
    }

    private static Coordinate[] Simplified(Line line, Tile tile)
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

    /// <summary>Segments, each of which goes on where the one before ends; as it happens, which way round.</summary>
    private sealed class Line
    {
        private int _first, _last;

        public Line(in RoadSegment traits, int segment, RoadGraph graph)
        {
            (_first, _last) = (traits.FromJunction, traits.ToJunction);
            Points.AddRange(PointsOf(segment, graph));
        }

        public List<Coordinate> Points { get; } = [];

        public bool TryContinue(in RoadSegment traits, int segment, RoadGraph graph)
        {
            var points = PointsOf(segment, graph);
            if (_last == traits.FromJunction || _last == traits.ToJunction)
            {
                var isForward = _last == traits.FromJunction;
                Points.AddRange((isForward ? points : points.Reverse()).Skip(1));
                _last = isForward ? traits.ToJunction : traits.FromJunction;
                return true;
            }

            if (_first == traits.ToJunction || _first == traits.FromJunction)
            {
                var isForward = _first == traits.ToJunction;
                Points.InsertRange(0, (isForward ? points : points.Reverse()).SkipLast(1));
                _first = isForward ? traits.FromJunction : traits.ToJunction;
                return true;
            }

            return false;
        }

        private static IEnumerable<Coordinate> PointsOf(int segment, RoadGraph graph) =>
            Enumerable.Range(0, graph.PointCount(segment)).Select(i => graph.PointOf(segment, i)).Select(point => new Coordinate(point.LongitudeDegrees, point.LatitudeDegrees));
    }

    // A segment across the antimeridian has a box around the world: it is drawn in no tile's middle, but harms none.
    private readonly record struct Box(float South, float West, float North, float East)
    {
        public static readonly Box Nothing = new(float.MaxValue, float.MaxValue, float.MinValue, float.MinValue);

        public Box With(GeoPoint point) => With(new Box((float)point.LatitudeDegrees, (float)point.LongitudeDegrees, (float)point.LatitudeDegrees, (float)point.LongitudeDegrees));

        public Box With(in Box other) =>
            new(Math.Min(South, other.South), Math.Min(West, other.West), Math.Max(North, other.North), Math.Max(East, other.East));

        // Half a float's step, a metre, is within the tiles' margin.
        public bool Touches(Envelope area) => West <= area.MaxX && East >= area.MinX && South <= area.MaxY && North >= area.MinY;
    }
}
