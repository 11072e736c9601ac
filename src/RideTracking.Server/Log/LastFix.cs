using System.Globalization;
using System.Text;
using RideTracking.Engine.Ingest;

namespace RideTracking.Server.Log;

/// <summary>
/// A driver's last fix as the store keeps it: "&lt;sequence&gt; &lt;session&gt; " for the scripts, the packed fix, then the
/// session's rejections that its app may not have heard of, and what the fixes were that it may send again.
/// </summary>
public readonly record struct LastFix(
    ulong LoggedThrough, string SessionId, Fix Fix, IReadOnlyList<SequencedVerdict> Rejections, IReadOnlyList<SequenceContent> Contents)
{
    private const int MaxBytes = 96 + PackedFix.MaxBytes + 10;
    private const int MaxRejectionBytes = 10 + 1 + (2 * sizeof(double));
    private const int MaxContentBytes = 10 + sizeof(int);

    // The contents of a stream, which are 64 at the most.
    private const int MoreOnStack = 64 * MaxContentBytes;

    /// <summary>Reads what <see cref="Write"/> wrote; null for nothing.</summary>
    /// <exception cref="Exception">It was damaged.</exception>
    public static LastFix? Parse(byte[]? value)
    {
        if (value is null || value.Length == 0)
        {
            return null;
        }

        var first = value.AsSpan().IndexOf((byte)' ');
        var second = first + 1 + value.AsSpan(first + 1).IndexOf((byte)' ');
        var reader = new PackedReader(value.AsSpan(second + 1));
        var loggedThrough = ulong.Parse(value.AsSpan(0, first), CultureInfo.InvariantCulture);
        var fix = PackedFix.Read(ref reader, 0);
        if (Math.Abs((long)fix.LatitudeE7) > 90_0000000 || Math.Abs((long)fix.LongitudeE7) > 180_0000000)
        {
            throw new InvalidDataException("A last fix is not on the earth.");
        }

        return new LastFix(
            loggedThrough, Encoding.UTF8.GetString(value, first + 1, second - first - 1), fix, ReadRejections(ref reader, loggedThrough), ReadContents(ref reader, loggedThrough));
    }

    internal static byte[] Write(
        ulong loggedThrough, ReadOnlySpan<byte> sessionId, in Fix fix, List<SequencedVerdict> rejections, List<SequenceContent> contents)
    {
        var more = (rejections.Count * MaxRejectionBytes) + (contents.Count * MaxContentBytes);
        Span<byte> buffer = more <= MoreOnStack ? stackalloc byte[MaxBytes + MoreOnStack] : new byte[MaxBytes + more];
        loggedThrough.TryFormat(buffer, out var length, provider: CultureInfo.InvariantCulture);
        buffer[length++] = (byte)' ';
        sessionId.CopyTo(buffer[length..]);
        length += sessionId.Length;
        buffer[length++] = (byte)' ';
        var writer = new PackedWriter(buffer[length..]);
        PackedFix.Write(ref writer, fix, 0);
        writer.Unsigned((ulong)rejections.Count);
        foreach (var (sequence, verdict) in rejections)
        {
            writer.Unsigned(loggedThrough - sequence);
            writer.Byte((byte)verdict.Reason);
            writer.Double(verdict.Limit);
            writer.Double(verdict.Measured);
        }

        foreach (var (sequence, hash) in contents)
        {
            writer.Unsigned(loggedThrough - sequence);
            writer.Int32((int)hash);
        }

        return buffer[..(length + writer.Length)].ToArray();
    }

    private static List<SequencedVerdict> ReadRejections(ref PackedReader reader, ulong loggedThrough)
    {
        List<SequencedVerdict> rejections = [];
        for (var left = reader.AtEnd ? 0 : reader.Unsigned(); left > 0; left--)
        {
            var sequence = loggedThrough - reader.Unsigned();
            rejections.Add(new SequencedVerdict(sequence, FixVerdict.Rejected((FixRejectReason)reader.Byte(), reader.Double(), reader.Double())));
        }

        return rejections;
    }

    private static List<SequenceContent> ReadContents(ref PackedReader reader, ulong loggedThrough)
    {
        List<SequenceContent> contents = [];
        while (!reader.AtEnd)
        {
            contents.Add(new SequenceContent(loggedThrough - reader.Unsigned(), (uint)reader.Int32()));
        }

        return contents;
    }
}
