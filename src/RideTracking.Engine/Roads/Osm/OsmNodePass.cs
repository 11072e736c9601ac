using RideTracking.Engine.Geo;

namespace RideTracking.Engine.Roads.Osm;

/// <summary>What stands on a node of a road.</summary>
[Flags]
internal enum OsmNodeFlags : ushort
{
    None = 0,
    Found = 1,

    /// <summary>On two roads, or twice on one.</summary>
    Shared = 2,
    Blocked = 4,
    Signals = 8,
    Stop = 16,
    GiveWay = 32,

    /// <summary>Only for who drives as the way is drawn.</summary>
    Forward = 64,
    Backward = 128,

    /// <summary>A gate for own traffic only.</summary>
    Gate = 256,

    /// <summary>Passed at some hours only.</summary>
    Timed = 512,
}

/// <summary>The second reading of a file: where the nodes of roads are, and what stands there.</summary>
internal sealed class OsmNodePass : OsmVisitor
{
    private readonly long[] _ids; // sorted
    private readonly int[] _latitudes;
    private readonly int[] _longitudes;
    private readonly OsmNodeFlags[] _flags;
    private readonly CarBarriers _barriers;
    private readonly MissingMembers _missing;
    private readonly Dictionary<int, string> _hours = [];
    private int _next; // files have their nodes by id, so that the next is mostly right here

    /// <param name="references">The nodes of all roads, repeated as they are in ways.</param>
    /// <param name="missing">Told what is there.</param>
    /// <param name="barriers">What stops cars.</param>
    public OsmNodePass(List<long> references, MissingMembers missing, CarBarriers barriers)
    {
        (_missing, _barriers) = (missing, barriers);
        long[] sorted = [.. references];
        Array.Sort(sorted);
        int count = 0;
        for (int i = 0; i < sorted.Length; i++)
        {
            count += i == 0 || sorted[i] != sorted[i - 1] ? 1 : 0;
        }

        _ids = new long[count];
        (_latitudes, _longitudes, _flags) = (new int[count], new int[count], new OsmNodeFlags[count]);
        int at = -1;
        for (int i = 0; i < sorted.Length; i++)
        {
            if (i == 0 || sorted[i] != sorted[i - 1])
            {
                _ids[++at] = sorted[i];
            }
            else
            {
                _flags[at] |= OsmNodeFlags.Shared;
            }
        }
    }

    public override bool WantsNodes => true;

    public int Count => _ids.Length;

    public int BlockingBarriers => _flags.Count(each => (each & OsmNodeFlags.Blocked) != 0);

    public int TimedGates => _hours.Count;

    public int OwnTrafficGates => _flags.Count(each => (each & OsmNodeFlags.Gate) != 0);

    public int Missing => _flags.Count(each => (each & OsmNodeFlags.Found) == 0);

    /// <summary>The number of a node among those of roads, or negative.</summary>
    public int IndexOf(long id) => Array.BinarySearch(_ids, id);

    public long IdOf(int node) => _ids[node];

    public OsmNodeFlags FlagsOf(int node) => _flags[node];

    /// <summary>When a node with <see cref="OsmNodeFlags.Timed"/> is passed.</summary>
    public string HoursOf(int node) => _hours[node];

    public GeoPoint PointOf(int node) => GeoPoint.FromE7(_latitudes[node], _longitudes[node]);

    public override void WayId(long id) => _missing.SeeWay(id);

    public override void Node(long id, long latitudeE7, long longitudeE7, OsmTags tags)
    {
        _missing.SeeNode(id);
        int node = _next < _ids.Length && _ids[_next] == id ? _next : IndexOf(id);
        if (node < 0)
        {
            return;
        }

        _next = node + 1;
        if (latitudeE7 is < -900_000_000 or > 900_000_000 || longitudeE7 is < -1_800_000_000 or > 1_800_000_000)
        {
            throw new RoadFileException($"The node {id} lies at {latitudeE7 / 1e7}, {longitudeE7 / 1e7}, which is no place on earth.");
        }

        (_latitudes[node], _longitudes[node]) = ((int)latitudeE7, (int)longitudeE7);
        _flags[node] |= OsmNodeFlags.Found;
        if (tags.Count > 0)
        {
            _flags[node] |= StandingOn(node, tags);
        }
    }

    private OsmNodeFlags StandingOn(int node, OsmTags tags)
    {
        (NodePassage passage, string hours) = _barriers.PassageOf(tags);
        OsmNodeFlags flags = passage switch
        {
            NodePassage.Closed => OsmNodeFlags.Blocked,
            NodePassage.OwnTraffic => OsmNodeFlags.Gate,
            _ => OsmNodeFlags.None,
        };
        if (hours.Length > 0)
        {
            _hours.Add(node, hours);
            flags |= OsmNodeFlags.Timed;
        }

        flags |= tags["highway"] switch
        {
            "traffic_signals" => OsmNodeFlags.Signals,
            "crossing" when tags.Is("crossing", "traffic_signals") || tags.Is("crossing:signals", "yes") => OsmNodeFlags.Signals,
            "stop" => OsmNodeFlags.Stop,
            "give_way" or "mini_roundabout" => OsmNodeFlags.GiveWay,
            _ => OsmNodeFlags.None,
        };
        if ((flags & (OsmNodeFlags.Signals | OsmNodeFlags.Stop | OsmNodeFlags.GiveWay)) != 0)
        {
            flags |= (tags["traffic_signals:direction"] ?? tags["direction"]) switch
            {
                "forward" => OsmNodeFlags.Forward,
                "backward" => OsmNodeFlags.Backward,
                _ => OsmNodeFlags.None,
            };
        }

        return flags;
    }
}
