using System.Runtime.CompilerServices;

namespace RideTracking.Engine.Packing;

/// <summary>
/// Whole numbers in seven bits a byte, the lowest first, as protobuf writes them: the top bit says that more follow. Bits
/// beyond the 64th are dropped, as protobuf does. Pure.
/// </summary>
public static class Varint
{
    /// <summary>The longest number, in bytes.</summary>
    public const int MaxBytes = 10;

    /// <summary>Reads the number at the beginning of some bytes, and moves behind it.</summary>
    /// <param name="bytes">Stay where they are when there is none.</param>
    /// <param name="value">The number.</param>
    /// <returns>False when the bytes end within it, or none of the first <see cref="MaxBytes"/> ends it.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool TryTake(ref ReadOnlySpan<byte> bytes, out ulong value)
    {
        // Tags and most values are of one byte.
        if (!bytes.IsEmpty && bytes[0] < 0x80)
        {
            value = bytes[0];
            bytes = bytes[1..];
            return true;
        }

        value = 0;
        for (var i = 0; i < MaxBytes && i < bytes.Length; i++)
        {
            value |= (ulong)(bytes[i] & 0x7F) << (7 * i);
            if (bytes[i] < 0x80)
            {
                bytes = bytes[(i + 1)..];
                return true;
            }
        }

        return false;
    }

    /// <summary>The signed number that zigzag turned into an unsigned one, so that small negative ones stay short.</summary>
    public static long FromZigZag(ulong value) => (long)(value >> 1) ^ -(long)(value & 1);

    /// <summary>Zigzag: 0, -1, 1, -2 … become 0, 1, 2, 3 …</summary>
    public static ulong ToZigZag(long value) => (ulong)((value << 1) ^ (value >> 63));
}
