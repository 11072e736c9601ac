using System.Security.Cryptography;
using System.Text;
using RideTracking.Server.Areas;
using RideTracking.Server.Store;
using StackExchange.Redis;

namespace RideTracking.Server.Sharing;

/// <summary>What became of a wish for a link.</summary>
internal enum ShareOutcome
{
    /// <summary>There is one.</summary>
    Made,

    /// <summary>The same request made one that was revoked since.</summary>
    Revoked,

    /// <summary>The trip has as many as it may.</summary>
    Full,
}

/// <summary>Links to trips in the store: each "&lt;trip&gt; &lt;hash of its secret&gt;", or "&lt;trip&gt; -" once it is revoked.</summary>
internal sealed class ShareLinks(Area area)
{
    private const string NoHash = "-";

    /// <summary>Makes a link; one that a repeated request made before gets this token, and its former one ends.</summary>
    /// <exception cref="RedisException">The store is away.</exception>
    public async Task<ShareOutcome> MakeAsync(ShareToken token, string tripId, int mostOfTrip)
    {
        var reply = await area.Feed.RunAsync(
            area.Writes, StoreScript.ShareLink,
            [area.Keys.ShareLink(token.LinkId), area.Keys.ShareLinksOf(tripId)],
            [token.LinkId, $"{tripId} {token.Hash}", mostOfTrip, area.Clock.RealMilliseconds(StoreExpiries.ShareLink)]);
        return (string)reply! switch
        {
            "revoked" => ShareOutcome.Revoked,
            "full" => ShareOutcome.Full,
            _ => ShareOutcome.Made,
        };
    }

    /// <summary>The trip that a link is to, revoked or not; null when there is no such link.</summary>
    public async Task<string?> TripOfAsync(string linkId) => TripAndHash((await area.Trips.StringGetAsync(area.Keys.ShareLink(linkId)))!)?.TripId;

    /// <summary>Ends a link for good.</summary>
    public Task RevokeAsync(string linkId, string tripId) => area.Feed.RunAsync(
        area.Writes, StoreScript.ShareLinkRevoke,
        [area.Keys.ShareLink(linkId), area.Keys.ShareLinksOf(tripId)],
        [linkId, $"{tripId} {NoHash}", area.Clock.RealMilliseconds(StoreExpiries.ShareLink)]);

    /// <summary>The trip that a token lets watch; null when it lets nobody, for whatever reason.</summary>
    public async Task<string?> TripOfAsync(ShareToken token) => TripFor(await area.Trips.StringGetAsync(area.Keys.ShareLink(token.LinkId)), token);

    /// <summary>Those of some tokens that let nobody watch any more.</summary>
    public async Task<ShareToken[]> EndedAsync(ShareToken[] tokens)
    {
        var records = await area.Trips.StringGetAsync([.. tokens.Select(t => area.Keys.ShareLink(t.LinkId))]);
        return [.. tokens.Where((token, i) => TripFor(records[i], token) is null)];
    }

    /// <summary>Whether a link's record, as the feed tells it, lets who has a token watch.</summary>
    public static bool Lets(string record, ShareToken token) => TripFor(record, token) is not null;

    private static string? TripFor(RedisValue record, ShareToken token) =>
        TripAndHash(record!) is var (tripId, hash)
        && CryptographicOperations.FixedTimeEquals(Encoding.ASCII.GetBytes(hash), Encoding.ASCII.GetBytes(token.Hash))
            ? tripId
            : null;

    private static (string TripId, string Hash)? TripAndHash(string? record) =>
        record?.Split(' ') is [var tripId, var hash] ? (tripId, hash) : null;
}
