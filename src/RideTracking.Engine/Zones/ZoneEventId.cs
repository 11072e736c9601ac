using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace RideTracking.Engine.Zones;

/// <summary>Names an event by what it is about: a UUID of version 8 (RFC 9562) from SHA-256.</summary>
internal static class ZoneEventId
{
    public static Guid Of(
        string driverId, string sessionId, ulong sequence, string zoneId, long zoneVersion, ZoneEventKind kind)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Span<byte> numbers = stackalloc byte[17];
        BinaryPrimitives.WriteUInt64BigEndian(numbers, sequence);
        BinaryPrimitives.WriteInt64BigEndian(numbers[8..], zoneVersion);
        numbers[16] = (byte)kind;
        Append(hash, driverId);
        Append(hash, sessionId);
        Append(hash, zoneId);
        hash.AppendData(numbers);
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        hash.GetHashAndReset(digest);
        digest[6] = (byte)(digest[6] & 0x0F | 0x80);
        digest[8] = (byte)(digest[8] & 0x3F | 0x80);
        return new Guid(digest[..16], bigEndian: true);
    }

    // With its length before it, so that no two lists of texts read the same.
    private static void Append(IncrementalHash hash, string text)
    {
        Span<byte> length = stackalloc byte[4];
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        BinaryPrimitives.WriteInt32BigEndian(length, bytes.Length);
        hash.AppendData(length);
        hash.AppendData(bytes);
    }
}
