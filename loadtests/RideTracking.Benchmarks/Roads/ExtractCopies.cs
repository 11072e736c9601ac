using System.Buffers.Binary;
using System.IO.Compression;
using Google.Protobuf;
using RideTracking.Engine.Geo;

namespace RideTracking.Benchmarks.Roads;

/// <summary>
/// Writes an extract (.osm.pbf) many times into one file, laid side by side: a country of one city, again and again. All nodes
/// come before all ways, and these before all relations, as files of whole countries have them. Only the small original is in memory.
/// </summary>
internal sealed class ExtractCopies
{
    // Beyond OpenStreetMap's own ids, which have 11 digits.
    private const long IdsOfCopy = 100_000_000_000;
    private const int NodeGroup = 1, DenseGroup = 2, WayGroup = 3, RelationGroup = 4;

    private readonly List<(byte[] Block, int Kinds)> _blocks = [];
    private readonly byte[] _header = [];

    /// <param name="extract">The original; its blocks are those of zlib.</param>
    public ExtractCopies(Stream extract)
    {
        while (TryReadBlob(extract, out var type, out var block))
        {
            if (type == "OSMHeader")
            {
                _header = block;
            }
            else
            {
                _blocks.Add((block, KindsOf(block)));
            }
        }
    }

    /// <summary>The id in a copy of what has an id in the original.</summary>
    public static long IdIn(int copy, long id) => copy * IdsOfCopy + id;

    /// <summary>How far a copy is moved, in degrees: columns to the east, rows to the north.</summary>
    public static (double Latitude, double Longitude) MoveOf(int copy, int columns, GeoRectangle bounds) => (
        copy / columns * (bounds.NorthDegrees - bounds.SouthDegrees),
        copy % columns * (bounds.EastDegrees - bounds.WestDegrees));

    /// <param name="file">To be written.</param>
    /// <param name="copies">How many.</param>
    /// <param name="columns">So many side by side, then the next row.</param>
    /// <param name="bounds">Of the original.</param>
    /// <param name="links">Roads between two nodes of the whole, drawn beside the copies.</param>
    public void Write(Stream file, int copies, int columns, GeoRectangle bounds, IEnumerable<(long From, long To)> links)
    {
        WriteBlob(file, "OSMHeader", _header);
        foreach (var kind in (ReadOnlySpan<int>)[(1 << NodeGroup) | (1 << DenseGroup), 1 << WayGroup, 1 << RelationGroup])
        {
            for (var copy = 0; copy < copies; copy++)
            {
                var (latitude, longitude) = MoveOf(copy, columns, bounds);
                var moved = new Move(copy * IdsOfCopy, latitude, longitude);
                foreach (var (block, kinds) in _blocks)
                {
                    if ((kinds & kind) != 0)
                    {
                        WriteBlob(file, "OSMData", Moved(block, moved, kind));
                    }
                }
            }

            if (kind == 1 << WayGroup)
            {
                foreach (var some in links.Chunk(8_000))
                {
                    WriteBlob(file, "OSMData", Ways(some, copies * IdsOfCopy));
                }
            }
        }
    }

    private readonly record struct Move(long Ids, double LatitudeDegrees, double LongitudeDegrees);

    private static int KindsOf(byte[] block)
    {
        var kinds = 0;
        ForEachField(block, (field, bytes, _) =>
        {
            if (field == 2)
            {
                ForEachField(bytes!, (group, _, _) => kinds |= 1 << group);
            }
        });
        return kinds;
    }

    private static byte[] Moved(byte[] block, Move move, int kinds)
    {
        long granularity = 100;
        ForEachField(block, (field, _, number) => granularity = field == 17 ? number : granularity);
        long latitude = (long)Math.Round(move.LatitudeDegrees * 1e9 / granularity), longitude = (long)Math.Round(move.LongitudeDegrees * 1e9 / granularity);
        return Rewritten(block, (field, bytes) => field != 2 ? bytes : Rewritten(
            bytes, (group, each) => (kinds & (1 << group)) == 0 ? null : group switch
            {
                // Numbers after the first are told as differences.
                DenseGroup => Rewritten(each, (part, packed) => part switch
                {
                    1 => FirstAdded(packed, move.Ids),
                    8 => FirstAdded(packed, latitude),
                    9 => FirstAdded(packed, longitude),
                    _ => packed,
                }),
                WayGroup => Rewritten(each, (part, packed) => part == 8 ? FirstAdded(packed, move.Ids) : packed, move.Ids),
                RelationGroup => Rewritten(each, (part, packed) => part == 9 ? FirstAdded(packed, move.Ids) : packed, move.Ids),
                _ => throw new NotSupportedException("Nodes that are not dense are not copied."),
            }));
    }

    private static byte[] FirstAdded(byte[] packed, long more)
    {
        using var input = new CodedInputStream(packed);
        if (input.IsAtEnd)
        {
            return packed;
        }

        var first = input.ReadSInt64() + more;
        using var bytes = new MemoryStream();
        using var output = new CodedOutputStream(bytes);
        output.WriteSInt64(first);
        output.Flush();
        bytes.Write(packed.AsSpan((int)input.Position));
        return bytes.ToArray();
    }

    // Fields of bytes may be changed, or left out where there are none then; to a number with the field 1 something may be added.
    private static byte[] Rewritten(byte[] message, Func<int, byte[], byte[]?> change, long addToId = 0)
    {
        using var bytes = new MemoryStream(message.Length + 64);
        using var output = new CodedOutputStream(bytes);
        ForEachField(message, (field, part, number) =>
        {
            if (part is null)
            {
                output.WriteTag(field, WireFormat.WireType.Varint);
                output.WriteInt64(field == 1 ? number + addToId : number);
            }
            else if (change(field, part) is { } changed)
            {
                output.WriteTag(field, WireFormat.WireType.LengthDelimited);
                output.WriteBytes(ByteString.CopyFrom(changed));
            }
        });
        output.Flush();
        return bytes.ToArray();
    }

    private static void ForEachField(byte[] message, Action<int, byte[]?, long> found)
    {
        using var input = new CodedInputStream(message);
        while (input.ReadTag() is var tag and not 0)
        {
            var isBytes = WireFormat.GetTagWireType(tag) == WireFormat.WireType.LengthDelimited;
            var bytes = isBytes ? input.ReadBytes().ToByteArray() : null;
            found(WireFormat.GetTagFieldNumber(tag), bytes, isBytes ? 0 : input.ReadInt64());
        }
    }

    private static byte[] Ways((long From, long To)[] links, long firstId) => Message(block =>
    {
        WriteBytes(block, 1, Message(table =>
        {
            foreach (var text in (string[])["", "highway", "primary"])
            {
                WriteBytes(table, 1, System.Text.Encoding.UTF8.GetBytes(text));
            }
        }));
        WriteBytes(block, 2, Message(group =>
        {
            foreach (var (from, to) in links)
            {
                WriteBytes(group, WayGroup, Message(way =>
                {
                    way.WriteTag(1, WireFormat.WireType.Varint);
                    way.WriteInt64(firstId++);
                    WriteBytes(way, 2, [1]);
                    WriteBytes(way, 3, [2]);
                    WriteBytes(way, 8, Message(nodes =>
                    {
                        nodes.WriteSInt64(from);
                        nodes.WriteSInt64(to - from);
                    }));
                }));
            }
        }));
    });

    private static byte[] Message(Action<CodedOutputStream> write)
    {
        using var bytes = new MemoryStream();
        using var output = new CodedOutputStream(bytes);
        write(output);
        output.Flush();
        return bytes.ToArray();
    }

    private static void WriteBytes(CodedOutputStream output, int field, byte[] bytes)
    {
        output.WriteTag(field, WireFormat.WireType.LengthDelimited);
        output.WriteBytes(ByteString.CopyFrom(bytes));
    }

    private static bool TryReadBlob(Stream file, out string type, out byte[] block)
    {
        (type, block) = ("", []);
        Span<byte> length = stackalloc byte[4];
        if (file.ReadAtLeast(length, 4, throwOnEndOfStream: false) < 4)
        {
            return false;
        }

        var header = new byte[BinaryPrimitives.ReadInt32BigEndian(length)];
        file.ReadExactly(header);
        var (name, size) = ("", 0L);
        ForEachField(header, (field, bytes, number) => (name, size) = field switch
        {
            1 => (System.Text.Encoding.UTF8.GetString(bytes!), size),
            3 => (name, number),
            _ => (name, size),
        });
        var blob = new byte[size];
        file.ReadExactly(blob);
        byte[] unpacked = [];
        ForEachField(blob, (field, bytes, _) => unpacked = field switch
        {
            1 => bytes!,
            3 => Inflated(bytes!),
            _ => unpacked,
        });
        (type, block) = (name, unpacked);
        return true;
    }

    private static byte[] Inflated(byte[] zlib)
    {
        using var unpacked = new MemoryStream();
        using var stream = new ZLibStream(new MemoryStream(zlib), CompressionMode.Decompress);
        stream.CopyTo(unpacked);
        return unpacked.ToArray();
    }

    private static void WriteBlob(Stream file, string type, byte[] data)
    {
        using var packed = new MemoryStream();
        using (var zlib = new ZLibStream(packed, CompressionLevel.Fastest, leaveOpen: true))
        {
            zlib.Write(data);
        }

        var blob = Message(output =>
        {
            output.WriteTag(2, WireFormat.WireType.Varint);
            output.WriteInt64(data.Length);
            WriteBytes(output, 3, packed.ToArray());
        });
        var header = Message(output =>
        {
            WriteBytes(output, 1, System.Text.Encoding.UTF8.GetBytes(type));
            output.WriteTag(3, WireFormat.WireType.Varint);
            output.WriteInt64(blob.Length);
        });
        Span<byte> length = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(length, header.Length);
        file.Write(length);
        file.Write(header);
        file.Write(blob);
    }
}
