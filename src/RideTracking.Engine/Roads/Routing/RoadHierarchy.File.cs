using System.Runtime.InteropServices;
using System.Security.Cryptography;
using RideTracking.Engine.Roads.Graph;

namespace RideTracking.Engine.Roads.Routing;

public sealed partial class RoadHierarchy
{
    private const uint Magic = 0x48435452; // "RTCH"
    private const int Version = 1;

    /// <summary>
    /// Writes down what takes long to find: the order. The rest follows from it in a fraction of a second. Little-endian:
    /// magic, version, number of states, SHA-256 of the graph's turns, the order, SHA-256 of all before.
    /// </summary>
    public void Write(Stream stream)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Span<int> head = [unchecked((int)Magic), Version, _order.Length];
        Put(MemoryMarshal.AsBytes(head));
        Put(FingerprintOf(Graph));
        Put(MemoryMarshal.AsBytes(_order.AsSpan()));
        stream.Write(hash.GetHashAndReset());

        void Put(ReadOnlySpan<byte> bytes)
        {
            hash.AppendData(bytes);
            stream.Write(bytes);
        }
    }

    /// <summary>Reads what <see cref="Write"/> wrote, for the same graph.</summary>
    /// <exception cref="InvalidDataException">Not such a file, of another version, of another graph, or damaged: build anew.</exception>
    public static RoadHierarchy Read(Stream stream, RoadGraph graph)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        try
        {
            Span<int> head = stackalloc int[3];
            Take(MemoryMarshal.AsBytes(head));
            if (head[0] != unchecked((int)Magic) || head[1] != Version)
            {
                throw new InvalidDataException($"Not an order of roads of version {Version}.");
            }

            Span<byte> fingerprint = stackalloc byte[SHA256.HashSizeInBytes];
            Take(fingerprint);
            if (!fingerprint.SequenceEqual(FingerprintOf(graph)) || head[2] < 0 || head[2] > graph.StateCount)
            {
                throw new InvalidDataException("The order of roads is one of another graph.");
            }

            var order = new int[head[2]];
            Take(MemoryMarshal.AsBytes(order.AsSpan()));
            Span<byte> sum = stackalloc byte[SHA256.HashSizeInBytes];
            stream.ReadExactly(sum);
            if (!sum.SequenceEqual(hash.GetHashAndReset()))
            {
                throw new InvalidDataException("The order of roads is damaged: its checksum differs.");
            }

            return new RoadHierarchy(graph, order);
        }
        catch (EndOfStreamException e)
        {
            throw new InvalidDataException("The order of roads ends early.", e);
        }

        void Take(Span<byte> bytes)
        {
            stream.ReadExactly(bytes);
            hash.AppendData(bytes);
        }
    }

    /// <summary>Differs when the order might not fit: other turns, or other edges that may be driven.</summary>
    private static byte[] FingerprintOf(RoadGraph graph)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        RoadGraphParts parts = graph.Parts;
        hash.AppendData(MemoryMarshal.AsBytes(parts.FirstTurn.AsSpan()));
        hash.AppendData(MemoryMarshal.AsBytes(parts.TurnTargets.AsSpan()));
        hash.AppendData(MemoryMarshal.AsBytes(parts.ExtraStateEdges.AsSpan()));
        var driven = new byte[graph.EdgeCount];
        for (int edge = 0; edge < driven.Length; edge++)
        {
            driven[edge] = (byte)(graph.KmhOf(edge) > 0 ? 1 : 0);
        }

        hash.AppendData(driven);
        return hash.GetHashAndReset();
    }
}
