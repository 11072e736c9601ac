using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;

namespace RideTracking.Engine.Roads.Graph;

/// <summary>
/// A graph as a file, so that an extract is read once and not at every start. A header (magic, versions, what it was made
/// of, lengths, hash of the rest), its own hash, then the graph's arrays as they lie in memory (little-endian).
/// </summary>
public static class RoadGraphFile
{
    /// <summary>Raise it when the arrays change, or what the import and the builder put into them: graphs are then made again.</summary>
    private const int FormatVersion = 3;

    private const int Arrays = 14;
    private const int HashBytes = 32;
    private const int FixedBytes = 8 + 4 + 8 + HashBytes + 1 + 1 + (Arrays * 8) + HashBytes;

    private static ReadOnlySpan<byte> Magic => "RTROADS\n"u8;

    /// <param name="file">Writable.</param>
    /// <param name="graph">To be written.</param>
    /// <param name="source">What it was made of.</param>
    public static void Write(Stream file, RoadGraph graph, RoadSource source)
    {
        RoadGraphParts parts = graph.Parts;
        (byte[] text, int[] lengths) = Packed(parts.Names);
        (byte[] hours, int[] hoursLengths) = Packed(parts.Hours);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var header = new byte[FixedBytes + HashBytes];
        int at = 0;
        Magic.CopyTo(header);
        at += Magic.Length;
        Put(FormatVersion, 4);
        Put(source.Length, 8);
        Convert.FromHexString(source.Sha256).CopyTo(header.AsSpan(at, HashBytes));
        at += HashBytes;
        Put((byte)source.User, 1);
        Put(parts.DrivesOnLeft ? 1 : 0, 1);
        ForEachArray(bytes =>
        {
            Put(bytes.Length, 8);
            hash.AppendData(bytes);
        });
        hash.GetHashAndReset(header.AsSpan(at));
        SHA256.HashData(header.AsSpan(0, FixedBytes), header.AsSpan(FixedBytes));
        file.Write(header);
        ForEachArray(file.Write);

        void Put(long value, int bytes)
        {
            for (int i = 0; i < bytes; i++)
            {
                header[at++] = (byte)(value >> (8 * i));
            }
        }

        void ForEachArray(ReadOnlySpanAction action)
        {
            action(MemoryMarshal.AsBytes<RoadSegment>(parts.Segments));
            action(MemoryMarshal.AsBytes<int>(parts.Shape));
            action(MemoryMarshal.AsBytes<int>(parts.JunctionPoints));
            action(MemoryMarshal.AsBytes<long>(parts.JunctionIds));
            action(MemoryMarshal.AsBytes<int>(lengths));
            action(text);
            action(MemoryMarshal.AsBytes<int>(parts.ExtraStateEdges));
            action(MemoryMarshal.AsBytes<int>(parts.FirstTurn));
            action(MemoryMarshal.AsBytes<int>(parts.TurnTargets));
            action(parts.TurnDelays);
            action(MemoryMarshal.AsBytes<int>(parts.TimedEdges));
            action(MemoryMarshal.AsBytes<int>(parts.TimedEdgeHours));
            action(MemoryMarshal.AsBytes<int>(hoursLengths));
            action(hours);
        }
    }

    private delegate void ReadOnlySpanAction(ReadOnlySpan<byte> bytes);

    /// <param name="file">At its start.</param>
    /// <param name="source">What the graph must have been made of.</param>
    /// <exception cref="RoadFileException">The file is damaged, of another version, or of another source: to be made again.</exception>
    public static RoadGraph Read(Stream file, RoadSource source)
    {
        var header = new byte[FixedBytes + HashBytes];
        int read = file.ReadAtLeast(header, header.Length, throwOnEndOfStream: false);
        if (read < Magic.Length || !header.AsSpan(0, Magic.Length).SequenceEqual(Magic))
        {
            throw RoadFileException.At(0, "it is no graph file.");
        }

        // Checked before the hash: another version's header may have another length.
        int version = BinaryPrimitives.ReadInt32LittleEndian(header.AsSpan(Magic.Length));
        if (read >= Magic.Length + 4 && version != FormatVersion)
        {
            throw RoadFileException.At(Magic.Length, $"the graph has format {version}, {FormatVersion} was expected.");
        }

        if (read < header.Length || !SHA256.HashData(header.AsSpan(0, FixedBytes)).AsSpan().SequenceEqual(header.AsSpan(FixedBytes)))
        {
            throw RoadFileException.At(0, "the graph's header is damaged or cut short.");
        }

        int at = Magic.Length + 4;
        long length = Take(8);
        string hash = Convert.ToHexString(header.AsSpan(at, HashBytes));
        at += HashBytes;
        if (source != new RoadSource(length, hash, (RoadUser)Take(1)))
        {
            throw new RoadFileException("The graph was made of another file, or for other vehicles.");
        }

        bool drivesOnLeft = Take(1) != 0;
        using var payload = new Payload(file, header.Length);
        var parts = new RoadGraphParts
        {
            DrivesOnLeft = drivesOnLeft,
            Segments = payload.Take<RoadSegment>(Take(8)),
            Shape = payload.Take<int>(Take(8)),
            JunctionPoints = payload.Take<int>(Take(8)),
            JunctionIds = payload.Take<long>(Take(8)),
            Names = Unpacked(payload.Take<int>(Take(8)), payload.Take<byte>(Take(8))),
            ExtraStateEdges = payload.Take<int>(Take(8)),
            FirstTurn = payload.Take<int>(Take(8)),
            TurnTargets = payload.Take<int>(Take(8)),
            TurnDelays = payload.Take<byte>(Take(8)),
            TimedEdges = payload.Take<int>(Take(8)),
            TimedEdgeHours = payload.Take<int>(Take(8)),
            Hours = Unpacked(payload.Take<int>(Take(8)), payload.Take<byte>(Take(8))),
        };
        payload.RequireEnd(header.AsSpan(at, HashBytes));
        return new RoadGraph(parts);

        long Take(int bytes)
        {
            long value = 0;
            for (int i = 0; i < bytes; i++)
            {
                value |= (long)header[at++] << (8 * i);
            }

            return value;
        }
    }

    private static (byte[] Text, int[] Lengths) Packed(string[] names)
    {
        byte[][] each = Array.ConvertAll(names, Encoding.UTF8.GetBytes);
        return ([.. each.SelectMany(bytes => bytes)], Array.ConvertAll(each, bytes => bytes.Length));
    }

    private static string[] Unpacked(int[] lengths, byte[] text)
    {
        var names = new string[lengths.Length];
        int at = 0;
        for (int i = 0; i < names.Length; i++)
        {
            if (lengths[i] < 0 || lengths[i] > text.Length - at)
            {
                throw new RoadFileException("The graph's names are damaged.");
            }

            names[i] = Encoding.UTF8.GetString(text, at, lengths[i]);
            at += lengths[i];
        }

        return names;
    }

    private sealed class Payload(Stream file, long position) : IDisposable
    {
        private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        private long _position = position;

        public T[] Take<T>(long bytes)
            where T : unmanaged
        {
            // The header's hash vouches for the lengths; a file cut short still should not make us ask for all of it.
            if (bytes < 0 || bytes % Unsafe.SizeOf<T>() != 0 || (file.CanSeek && bytes > file.Length - file.Position))
            {
                throw RoadFileException.At(_position, $"the graph ends before the {bytes} bytes that should follow.");
            }

            var array = new T[bytes / Unsafe.SizeOf<T>()];
            Span<byte> target = MemoryMarshal.AsBytes(array.AsSpan());
            if (file.ReadAtLeast(target, target.Length, throwOnEndOfStream: false) < target.Length)
            {
                throw RoadFileException.At(_position, $"the graph ends before the {bytes} bytes that should follow.");
            }

            _hash.AppendData(target);
            _position += bytes;
            return array;
        }

        public void RequireEnd(ReadOnlySpan<byte> hash)
        {
            if (!_hash.GetHashAndReset().AsSpan().SequenceEqual(hash) || file.ReadByte() >= 0)
            {
                throw new RoadFileException("The graph is damaged: its checksum is another.");
            }
        }

        public void Dispose() => _hash.Dispose();
    }
}
