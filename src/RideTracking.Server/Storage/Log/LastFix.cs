using System.Globalization;
using System.Text;
using RideTracking.Engine.Ingest;

namespace RideTracking.Server.Storage.Log;

/// <summary>A driver's last fix as the store keeps it: "&lt;sequence&gt; &lt;session&gt; " for the scripts, then the packed fix.</summary>
public readonly record struct LastFix(ulong LoggedThrough, string SessionId, Fix Fix)
{
    /// <summary>Reads what <see cref="Write"/> wrote; null for nothing.</summary>
    public static LastFix? Parse(byte[]? value)
    {
        if (value is null || value.Length == 0)
        {
            return null;
        }

        var first = value.AsSpan().IndexOf((byte)' ');
        var second = first + 1 + value.AsSpan(first + 1).IndexOf((byte)' ');
        var reader = new PackedReader(value.AsSpan(second + 1));
        return new LastFix(
            ulong.Parse(value.AsSpan(0, first), CultureInfo.InvariantCulture),
            Encoding.UTF8.GetString(value, first + 1, second - first - 1),
            PackedFix.Read(ref reader, 0));
    }

    internal static byte[] Write(ulong loggedThrough, ReadOnlySpan<byte> sessionId, in Fix fix)
    {
        Span<byte> buffer = stackalloc byte[PackedFix.MaxBytes + 96];
        loggedThrough.TryFormat(buffer, out var length, provider: CultureInfo.InvariantCulture);
        buffer[length++] = (byte)' ';
        sessionId.CopyTo(buffer[length..]);
        length += sessionId.Length;
        buffer[length++] = (byte)' ';
        var writer = new PackedWriter(buffer[length..]);
        PackedFix.Write(ref writer, fix, 0);
        return buffer[..(length + writer.Length)].ToArray();
    }
}
