using System.Globalization;
using StackExchange.Redis;

namespace RideTracking.Server.Store;

/// <summary>What happened to something and when, as sorted sets by time hold it: the place from which a page goes on.</summary>
/// <param name="AtUnixMs">When it happened.</param>
/// <param name="Id">To what.</param>
internal readonly record struct TimedId(long AtUnixMs, string Id)
{
    /// <summary>The place that a page's token names; null when it is none.</summary>
    public static TimedId? Parse(string token)
    {
        var colon = token.IndexOf(':', StringComparison.Ordinal);
        return colon > 0 && colon < token.Length - 1 && long.TryParse(token.AsSpan(0, colon), NumberStyles.None, CultureInfo.InvariantCulture, out var at)
            ? new TimedId(at, token[(colon + 1)..])
            : null;
    }

    /// <summary>What happened, the last first, from a place on.</summary>
    /// <param name="store">Where from.</param>
    /// <param name="key">Sorted set of ids by time (ms).</param>
    /// <param name="after">The last that is known; null to begin with the newest.</param>
    /// <param name="most">As many come, or fewer at the end.</param>
    /// <exception cref="RedisException">The store is away.</exception>
    public static async Task<IReadOnlyList<TimedId>> ReadAsync(StoreReader store, RedisKey key, TimedId? after, int most)
    {
        var found = new List<TimedId>();
        // What happened in the same millisecond comes again.
        for (var skip = 0; ; skip += most)
        {
            var entries = await store.SortedSetRangeByScoreWithScoresAsync(
                key, double.NegativeInfinity, after?.AtUnixMs ?? double.PositiveInfinity, Exclude.None, Order.Descending, skip, most);
            found.AddRange(entries.Select(e => new TimedId((long)e.Score, e.Element!)).Where(e => after is null || e.IsBehind(after.Value)));
            if (found.Count >= most || entries.Length < most)
            {
                return [.. found.Take(most)];
            }
        }
    }

    /// <summary>The token of the page after this.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{AtUnixMs}:{Id}");

    private bool IsBehind(TimedId other) => AtUnixMs < other.AtUnixMs || (AtUnixMs == other.AtUnixMs && string.CompareOrdinal(Id, other.Id) < 0);
}
