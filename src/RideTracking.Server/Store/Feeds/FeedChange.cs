using System.Buffers.Text;
using System.Text;
using RideTracking.Server.Store.Events;

namespace RideTracking.Server.Store.Feeds;

/// <summary>One change of an entry: what kind of thing has changed, and what belongs to it, as the script told it.</summary>
/// <param name="Kind">Names who applies it.</param>
/// <param name="Parts">Ids and records.</param>
/// <param name="Number">The entry's: what is told under a lower one is older.</param>
public readonly record struct FeedChange(string Kind, IReadOnlyList<ReadOnlyMemory<byte>> Parts, ulong Number)
{
    // Of the form of entries. What has another one was written by a newer program.
    private const string Format = "1 ";

    /// <summary>A part that is a text: an id.</summary>
    public string Text(int part) => Encoding.UTF8.GetString(Parts[part].Span);

    /// <summary>The changes of an entry, in their order.</summary>
    /// <exception cref="FormatException">It is of another form, or was damaged.</exception>
    internal static List<FeedChange> ReadAll(in EventEntry entry)
    {
        var body = entry.Record;
        if (!body.Span.StartsWith("1 "u8))
        {
            throw new FormatException($"This program reads entries of the form {Format.Trim()} only.");
        }

        var changes = new List<FeedChange>();
        for (var rest = body[Format.Length..]; !rest.IsEmpty;)
        {
            var parts = new ReadOnlyMemory<byte>[TakeNumber(ref rest)];
            for (var i = 0; i < parts.Length; i++)
            {
                var length = TakeNumber(ref rest);
                parts[i] = length <= rest.Length ? rest[..length] : throw Damaged();
                rest = rest[length..];
            }

            changes.Add(parts.Length > 0 ? new FeedChange(Encoding.UTF8.GetString(parts[0].Span), parts[1..], entry.At.Number) : throw Damaged());
        }

        return changes;
    }

    private static int TakeNumber(ref ReadOnlyMemory<byte> rest)
    {
        if (!Utf8Parser.TryParse(rest.Span, out int number, out var end) || number < 0 || number > rest.Length || end == rest.Length || rest.Span[end] != (byte)' ')
        {
            throw Damaged();
        }

        rest = rest[(end + 1)..];
        return number;
    }

    private static FormatException Damaged() => new("An entry of a feed is not whole.");
}
