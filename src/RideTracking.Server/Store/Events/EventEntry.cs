using System.Buffers.Text;

namespace RideTracking.Server.Store.Events;

/// <summary>
/// An event as scripts write it: number, token, the token of the event before it, each with a space after it, and the event.
/// With its predecessor's token the oldest that is kept still tells whether a place just before it is one of these.
/// </summary>
/// <param name="At">Where it stands.</param>
/// <param name="BeforeToken">Token of the event before it; 0 for none, and when it does not say.</param>
/// <param name="Record">The event.</param>
internal readonly record struct EventEntry(EventPosition At, ulong BeforeToken, ReadOnlyMemory<byte> Record)
{
    /// <summary>The place that it follows.</summary>
    public EventPosition Before => new(At.Number - 1, BeforeToken);

    /// <summary>Takes it apart. One of before there were tokens has none; a damaged one may have none either.</summary>
    public static EventEntry Read(ulong number, ReadOnlyMemory<byte> member)
    {
        var rest = member[(member.Span.IndexOf((byte)' ') + 1)..];
        // No event begins as a token does: its first byte is the tag of a field.
        return TakeToken(rest, out var token, out var afterToken) && TakeToken(afterToken, out var before, out var record)
            ? new EventEntry(new EventPosition(number, token), before, record)
            : new EventEntry(new EventPosition(number, 0), 0, rest);
    }

    private static bool TakeToken(ReadOnlyMemory<byte> from, out ulong token, out ReadOnlyMemory<byte> after)
    {
        var isToken = Utf8Parser.TryParse(from.Span, out token, out var end, 'x') && end < from.Length && from.Span[end] == (byte)' ';
        after = isToken ? from[(end + 1)..] : from;
        return isToken;
    }
}
