using System.Runtime.InteropServices;
using RideTracking.Engine.Geo;
using RideTracking.Engine.Roads.Osm;

namespace RideTracking.Engine.Tests.Roads.Routing;

/// <summary>
/// Which way each stretch of each road of an extract is driven, by its one-way tags alone and without the importer; and
/// what that makes of a line that somebody is told to drive.
/// </summary>
internal sealed class PlainOneWays
{
    // Half of the line's last digit both ways, and the rounding of a centimetre grid.
    private const double OnRoadMeters = 2;
    private const double LeastMeters = 3;
    private const double CellsPerDegree = 1_000;

    private readonly List<Piece> _pieces = [];
    private readonly Dictionary<(GeoPoint From, GeoPoint To), bool> _ways = [];
    private readonly Dictionary<(int Row, int Column), List<int>> _cells = [];

    private readonly record struct Piece(GeoPoint From, GeoPoint To, bool IsForward, bool IsBackward);

    private PlainOneWays()
    {
    }

    /// <summary>Ways that are driven one way only.</summary>
    public int OneWays { get; private set; }

    /// <summary>Places on one-ways, with the direction of driving in degrees from north.</summary>
    public List<(GeoPoint Place, double CourseDegrees)> PlacesOnOneWays { get; } = [];

    public static PlainOneWays Read(string path)
    {
        var nodes = new Nodes();
        Read(path, nodes);
        var read = new PlainOneWays();
        Read(path, new Ways(read, nodes.Places));
        return read;
    }

    /// <summary>Whether a stretch of a told line is on a road, and along it.</summary>
    public Stretch Judge(GeoPoint from, GeoPoint to)
    {
        if (_ways.TryGetValue((from, to), out bool isAlong))
        {
            return isAlong ? Stretch.Along : Stretch.Against;
        }

        if (Earth.DistanceMeters(from, to) < LeastMeters)
        {
            return Stretch.TooShort;
        }

        var found = Stretch.OffRoad;
        foreach (int index in _cells.GetValueOrDefault(CellOf(from), []))
        {
            Piece piece = _pieces[index];
            (double start, double startMeters) = Along(piece, from);
            (double end, double endMeters) = Along(piece, to);
            if (startMeters > OnRoadMeters || endMeters > OnRoadMeters)
            {
                continue;
            }

            if (end > start ? piece.IsForward : piece.IsBackward)
            {
                return Stretch.Along;
            }

            found = Stretch.Against;
        }

        return found;
    }

    // How far along a piece in metres, and how far from it.
    private static (double Along, double Away) Along(Piece piece, GeoPoint point)
    {
        double scale = Math.Cos(point.LatitudeDegrees * Math.PI / 180) * Earth.MetersPerDegree;
        double east = (piece.To.LongitudeDegrees - piece.From.LongitudeDegrees) * scale, north = (piece.To.LatitudeDegrees - piece.From.LatitudeDegrees) * Earth.MetersPerDegree;
        double pointEast = (point.LongitudeDegrees - piece.From.LongitudeDegrees) * scale, pointNorth = (point.LatitudeDegrees - piece.From.LatitudeDegrees) * Earth.MetersPerDegree;
        double length = Math.Sqrt(east * east + north * north);
        double along = length > 0 ? (pointEast * east + pointNorth * north) / length : 0, inside = Math.Clamp(along, 0, length);
        double awayEast = pointEast - (length > 0 ? east / length * inside : 0), awayNorth = pointNorth - (length > 0 ? north / length * inside : 0);
        return (along, Math.Sqrt(awayEast * awayEast + awayNorth * awayNorth));
    }

    private static (int Row, int Column) CellOf(GeoPoint point) =>
        ((int)Math.Floor(point.LatitudeDegrees * CellsPerDegree), (int)Math.Floor(point.LongitudeDegrees * CellsPerDegree));

    private static void Read(string path, OsmVisitor visitor)
    {
        using FileStream file = File.OpenRead(path);
        var blobs = new OsmBlobs(file);
        var block = new OsmBlock(visitor);
        while (blobs.TryNext(out ReadOnlySpan<byte> data))
        {
            block.Read(data, blobs.BlockOffset);
        }
    }

    private void Add(GeoPoint[] line, bool isForward, bool isBackward)
    {
        OneWays += isForward == isBackward ? 0 : 1;
        for (int i = 1; i < line.Length; i++)
        {
            (GeoPoint from, GeoPoint to) = (line[i - 1], line[i]);
            if (from == to)
            {
                continue;
            }

            // Where two roads share a stretch it is driven as either allows.
            CollectionsMarshal.GetValueRefOrAddDefault(_ways, (from, to), out _) |= isForward;
            CollectionsMarshal.GetValueRefOrAddDefault(_ways, (to, from), out _) |= isBackward;
            ((int row, int column), (int lastRow, int lastColumn)) = (CellOf(from), CellOf(to));
            for (int y = Math.Min(row, lastRow) - 1; y <= Math.Max(row, lastRow) + 1; y++)
            {
                for (int x = Math.Min(column, lastColumn) - 1; x <= Math.Max(column, lastColumn) + 1; x++)
                {
                    (CollectionsMarshal.GetValueRefOrAddDefault(_cells, (y, x), out _) ??= []).Add(_pieces.Count);
                }
            }

            _pieces.Add(new Piece(from, to, isForward, isBackward));
            if (isForward != isBackward && Earth.DistanceMeters(from, to) > 20)
            {
                double course = isForward ? Earth.BearingDegrees(from, to) : Earth.BearingDegrees(to, from);
                PlacesOnOneWays.Add((from.Toward(to, 0.5), course));
            }
        }
    }

    private sealed class Nodes : OsmVisitor
    {
        public override bool WantsNodes => true;

        public Dictionary<long, GeoPoint> Places { get; } = [];

        public override void Node(long id, long latitudeE7, long longitudeE7, OsmTags tags) =>
            Places.Add(id, GeoPoint.FromE7((int)latitudeE7, (int)longitudeE7));
    }

    private sealed class Ways(PlainOneWays read, Dictionary<long, GeoPoint> places) : OsmVisitor
    {
        private static readonly HashSet<string> _notForCars =
            ["footway", "path", "cycleway", "steps", "bridleway", "corridor", "platform", "construction", "proposed", "raceway", "busway"];

        public override bool WantsNodes => false;

        public override void Way(long id, OsmTags tags, ReadOnlySpan<long> nodes)
        {
            if (tags["route"] is null && (tags["highway"] is not { } kind || _notForCars.Contains(kind)))
            {
                return;
            }

            bool isImplied = tags["highway"] == "motorway" || tags["junction"] is "roundabout" or "circular";
            string oneway = tags["oneway:motorcar"] ?? tags["oneway:motor_vehicle"] ?? tags["oneway:vehicle"] ?? tags["oneway"] ?? "";
            (bool isForward, bool isBackward) = oneway switch
            {
                "yes" or "true" or "1" => (true, false),
                "-1" or "reverse" => (false, true),
                "no" or "false" or "0" => (true, true),
                _ => (true, !isImplied),
            };
            var line = new List<GeoPoint>();
            foreach (long node in nodes)
            {
                if (places.TryGetValue(node, out GeoPoint place))
                {
                    line.Add(place);
                }
            }

            // As lines are told.
            read.Add(EncodedPolyline.Decode(EncodedPolyline.Encode(CollectionsMarshal.AsSpan(line))), isForward, isBackward);
        }
    }
}

/// <summary>What a stretch of a line is, by the one-ways of the map.</summary>
internal enum Stretch
{
    Along,
    Against,

    /// <summary>Shorter than the line's digits can tell a direction by.</summary>
    TooShort,

    /// <summary>On no road.</summary>
    OffRoad,
}
