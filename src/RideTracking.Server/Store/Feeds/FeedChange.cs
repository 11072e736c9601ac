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
    /// <summary>A part that is a text: an id.</summary>
    public string Text(int part) => Encoding.UTF8.GetString(Parts[part].Span);

    /// <summary>The changes of an entry, in their order.</summary>
    /// <param name="entry">The entry.</param>
    /// <param name="format">Up to which form entries can be read.</param>
    /// <exception cref="FormatException">It is of a newer form, or was damaged.</exception>
    internal static List<FeedChange> ReadAll(in EventEntry entry, RecordFormat format)
    {
        var rest = entry.Record;
        var form = TakeNumber(ref rest, most: int.MaxValue);
        if (!format.CanRead(form))
        {
            throw new FormatException($"An entry is of form {form}, and this program reads them up to {format.Reads}.");
        }

        var changes = new List<FeedChange>();
        while (!rest.IsEmpty)
        {
            var parts = new ReadOnlyMemory<byte>[TakeNumber(ref rest, most: rest.Length)];
            for (var i = 0; i < parts.Length; i++)
            {
                var length = TakeNumber(ref rest, most: rest.Length);
                parts[i] = length <= rest.Length ? rest[..length] : throw Damaged();
                rest = rest[length..];
            }

            changes.Add(parts.Length > 0 ? new FeedChange(Encoding.UTF8.GetString(parts[0].Span), parts[1..], entry.At.Number) : throw Damaged());
        }

        return changes;
    }

    private static int TakeNumber(ref ReadOnlyMemory<byte> rest, int most)
    {
        if (!Utf8Parser.TryParse(rest.Span, out int number, out var end) || number < 0 || number > most || end == rest.Length || rest.Span[end] != (byte)' ')
        {
            throw Damaged();
        }

        rest = rest[(end + 1)..];
        return number;
    }

    private static FormatException Damaged() => new("An entry of a feed is not whole.");
}
