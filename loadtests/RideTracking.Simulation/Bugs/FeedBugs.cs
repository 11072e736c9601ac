using RideTracking.Server.Store.Events;
using RideTracking.Server.Store.Feeds;

namespace RideTracking.Simulation.Bugs;

/// <summary>Nobody looks at the head, but for the first time: what is missed is found by what follows on it.</summary>
internal sealed class HeadlessFeed(IFeedSource source) : IFeedSource
{
    private EventPosition? _last;

    public async Task<EventPosition> HeadAsync() => _last ??= await source.HeadAsync();

    public async Task<IReadOnlyList<EventEntry>> ReadAsync(ulong afterNumber)
    {
        var read = await source.ReadAsync(afterNumber);
        _last = read.Count > 0 ? read[^1].At : _last;
        return read;
    }
}

/// <summary>Numbers alone are compared: all tokens are the same, and a head that is lower is old news.</summary>
internal sealed class NumberedFeed(IFeedSource source) : IFeedSource
{
    private const ulong Token = 1;

    private ulong _highest;

    public async Task<EventPosition> HeadAsync()
    {
        _highest = Math.Max(_highest, (await source.HeadAsync()).Number);
        return new EventPosition(_highest, _highest == 0 ? 0 : Token);
    }

    public async Task<IReadOnlyList<EventEntry>> ReadAsync(ulong afterNumber) =>
        [.. (await source.ReadAsync(afterNumber)).Select(e => e with { At = new EventPosition(e.At.Number, Token), BeforeToken = Math.Min(e.BeforeToken, Token) })];

    /// <summary>The same of what is published: number, token, the token before, and the rest.</summary>
    public static ReadOnlyMemory<byte> Heard(ReadOnlyMemory<byte> entry)
    {
        var first = entry.Span.IndexOf((byte)' ') + 1;
        var second = first + entry.Span[first..].IndexOf((byte)' ') + 1;
        var third = second + entry.Span[second..].IndexOf((byte)' ') + 1;
        return new([.. entry.Span[..first], .. "1 "u8, .. entry.Span[second] == (byte)'0' && third == second + 2 ? "0 "u8 : "1 "u8, .. entry.Span[third..]]);
    }
}
