using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;
using RideTracking.Engine.Geo;
using RideTracking.Engine.Roads.Graph;
using RideTracking.Engine.Roads.Osm;

namespace RideTracking.Engine.Tests.Roads.Osm;

/// <summary>Writes small .osm.pbf files. Nodes have letters, at metres; ways are the letters of their nodes; tags are "key=value key=value".</summary>
internal sealed class OsmFileWriter
{
    private readonly List<(char Name, GeoPoint Place, (string Key, string Value)[] Tags)> _nodes = [];
    private readonly List<(long Id, string Nodes, (string Key, string Value)[] Tags)> _ways = [];
    private readonly List<((string Key, string Value)[] Tags, (int Type, long Id, string Role)[] Members)> _relations = [];

    public bool Dense { get; init; } = true;

    public bool Packed { get; init; } = true;

    public int Granularity { get; init; } = 100;

    public string Feature { get; init; } = "DenseNodes";

    public OsmFileWriter Node(char name, double east, double north, string tags = "") => Node(name, east, north, Split(tags));

    /// <summary>With tags that may have spaces.</summary>
    public OsmFileWriter Node(char name, double east, double north, params (string Key, string Value)[] tags)
    {
        _nodes.Add((name, PlainMap.At(east, north), tags));
        return this;
    }

    public OsmFileWriter Node(char name, GeoPoint place)
    {
        _nodes.Add((name, place, []));
        return this;
    }

    public OsmFileWriter Way(long id, string nodes, string tags) => Way(id, nodes, Split(tags));

    /// <summary>With tags that may have spaces.</summary>
    public OsmFileWriter Way(long id, string nodes, params (string Key, string Value)[] tags)
    {
        _ways.Add((id, nodes, tags));
        return this;
    }

    /// <summary>Members are "way 1 from", "node b via".</summary>
    public OsmFileWriter Relation(string tags, params string[] members)
    {
        _relations.Add((Split(tags), Array.ConvertAll(members, member =>
        {
            string[] parts = member.Split(' ');
            return parts[0] == "node" ? (0, parts[1][0], parts[2]) : (1, long.Parse(parts[1], System.Globalization.CultureInfo.InvariantCulture), parts[2]);
        })));
        return this;
    }

    public OsmFileWriter Restriction(string kind, params string[] members) => Relation($"type=restriction restriction={kind}", members);

    public RoadImport Import(RoadUser user = RoadUser.Car) => OsmImporter.Import(new MemoryStream(ToBytes()), user);

    public byte[] ToBytes()
    {
        var file = new MemoryStream();
        var header = new Message().Text(4, "OsmSchema-V0.6").Text(4, Feature);
        AddBlob(file, "OSMHeader", header.ToArray());
        AddBlob(file, "OSMStrange", [1, 2, 3]);
        var strings = new List<string> { "" };
        var nodes = Dense ? new Message().Bytes(2, DenseNodes(strings)) : Nodes(strings);
        var ways = new Message();
        foreach ((long id, string names, (string Key, string Value)[] tags) in _ways)
        {
            (Message keys, Message values) = Tags(tags, strings);
            var refs = new Message();
            long last = 0;
            foreach (char name in names)
            {
                refs.Signed(name - last);
                last = name;
            }

            ways.Bytes(3, new Message().Number(1, id).Bytes(2, keys).Bytes(3, values).Bytes(8, refs));
        }

        var relations = new Message();
        for (int i = 0; i < _relations.Count; i++)
        {
            (Message keys, Message values) = Tags(_relations[i].Tags, strings);
            Message roles = new(), members = new(), types = new();
            long last = 0;
            foreach ((int type, long id, string role) in _relations[i].Members)
            {
                roles.Raw((ulong)NumberOf(role, strings));
                members.Signed(id - last);
                types.Raw((ulong)type);
                last = id;
            }

            relations.Bytes(4, new Message().Number(1, 1_000 + i).Bytes(2, keys).Bytes(3, values).Bytes(8, roles).Bytes(9, members).Bytes(10, types));
        }

        foreach (Message group in (Message[])[nodes, ways, relations])
        {
            var table = new Message();
            strings.ForEach(each => table.Text(1, each));
            AddBlob(file, "OSMData", new Message().Bytes(1, table).Bytes(2, group).Number(17, Granularity).ToArray());
        }

        return file.ToArray();
    }

    public static void AddBlob(Stream file, string type, byte[] data, bool packed = true, int? rawBytes = null)
    {
        var blob = new Message();
        if (packed)
        {
            var zlib = new MemoryStream();
            using (var stream = new ZLibStream(zlib, CompressionLevel.Fastest, leaveOpen: true))
            {
                stream.Write(data);
            }

            blob.Number(2, rawBytes ?? data.Length).Bytes(3, zlib.ToArray());
        }
        else
        {
            blob.Bytes(1, data);
        }

        byte[] body = blob.ToArray();
        byte[] header = new Message().Text(1, type).Number(3, body.Length).ToArray();
        Span<byte> length = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(length, header.Length);
        file.Write(length);
        file.Write(header);
        file.Write(body);
    }

    private void AddBlob(MemoryStream file, string type, byte[] data) => AddBlob(file, type, data, Packed);

    private (long Latitude, long Longitude) Units(GeoPoint place) =>
        ((long)Math.Round(place.LatitudeDegrees * 1e9 / Granularity), (long)Math.Round(place.LongitudeDegrees * 1e9 / Granularity));

    private Message DenseNodes(List<string> strings)
    {
        Message ids = new(), latitudes = new(), longitudes = new(), tags = new();
        (long Id, long Latitude, long Longitude) last = default;
        foreach ((char name, GeoPoint place, (string Key, string Value)[] pairs) in _nodes)
        {
            (long latitude, long longitude) = Units(place);
            ids.Signed(name - last.Id);
            latitudes.Signed(latitude - last.Latitude);
            longitudes.Signed(longitude - last.Longitude);
            last = (name, latitude, longitude);
            foreach ((string key, string value) in pairs)
            {
                tags.Raw((ulong)NumberOf(key, strings)).Raw((ulong)NumberOf(value, strings));
            }

            tags.Raw(0);
        }

        return new Message().Bytes(1, ids).Bytes(8, latitudes).Bytes(9, longitudes).Bytes(10, tags);
    }

    private Message Nodes(List<string> strings)
    {
        var group = new Message();
        foreach ((char name, GeoPoint place, (string Key, string Value)[] pairs) in _nodes)
        {
            (long latitude, long longitude) = Units(place);
            (Message keys, Message values) = Tags(pairs, strings);
            group.Bytes(1, new Message().SignedField(1, name).Bytes(2, keys).Bytes(3, values).SignedField(8, latitude).SignedField(9, longitude));
        }

        return group;
    }

    private static (Message Keys, Message Values) Tags((string Key, string Value)[] tags, List<string> strings)
    {
        Message keys = new(), values = new();
        foreach ((string key, string value) in tags)
        {
            keys.Raw((ulong)NumberOf(key, strings));
            values.Raw((ulong)NumberOf(value, strings));
        }

        return (keys, values);
    }

    private static (string Key, string Value)[] Split(string tags) =>
        [.. tags.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(each => each.Split('=', 2)).Select(each => (each[0], each[1].Replace('_', each[0] == "name" ? ' ' : '_')))];

    private static int NumberOf(string text, List<string> strings)
    {
        int number = strings.IndexOf(text);
        if (number < 0)
        {
            number = strings.Count;
            strings.Add(text);
        }

        return number;
    }

    /// <summary>A protobuf message being written.</summary>
    internal sealed class Message
    {
        private readonly List<byte> _bytes = [];

        public Message Raw(ulong value)
        {
            for (; value >= 0x80; value >>= 7)
            {
                _bytes.Add((byte)(value | 0x80));
            }

            _bytes.Add((byte)value);
            return this;
        }

        public Message Signed(long value) => Raw((ulong)(value << 1) ^ (ulong)(value >> 63));

        public Message Number(int field, long value) => Raw((ulong)field << 3).Raw((ulong)value);

        public Message SignedField(int field, long value) => Raw((ulong)field << 3).Signed(value);

        public Message Bytes(int field, byte[] value)
        {
            Raw((ulong)field << 3 | 2).Raw((ulong)value.Length);
            _bytes.AddRange(value);
            return this;
        }

        public Message Bytes(int field, Message value) => Bytes(field, value.ToArray());

        public Message Text(int field, string value) => Bytes(field, Encoding.UTF8.GetBytes(value));

        public byte[] ToArray() => [.. _bytes];
    }
}
