using System.Globalization;
using RideTracking.Engine.Ingest;
using RideTracking.Server.Areas;
using RideTracking.Server.Hosting;
using RideTracking.Server.Store;
using StackExchange.Redis;

namespace RideTracking.Server.Log;

/// <summary>What the store answers to a claim.</summary>
/// <param name="Epoch">Number of the claim; a later one fences this one.</param>
/// <param name="ResumeAfterSequence">Where the session's log ends; 0 for a new session.</param>
/// <param name="LastFix">The driver's present position as the store has it.</param>
/// <param name="LastSessionId">The session that it came from.</param>
/// <param name="Rejections">Rejected fixes up to the resume point of which the app may not have heard.</param>
public readonly record struct ConnectionClaim(
    long Epoch, ulong ResumeAfterSequence, Fix? LastFix, string? LastSessionId, IReadOnlyList<SequencedVerdict> Rejections);

/// <summary>Makes a connection the only one that may write for its driver.</summary>
public sealed class ConnectionClaims(RedisStore store, StoreKeys keys, LogWriterId writer, ServerClock clock)
{
    /// <summary>Claims the driver for a session on this node; whoever held it can write no more.</summary>
    /// <exception cref="RedisException">The store is away.</exception>
    public async Task<ConnectionClaim> ClaimAsync(string driverId, string sessionId)
    {
        var holder = await HolderAsync(driverId);
        while (true)
        {
            var reply = (RedisResult[])(await StoreScript.ConnectionClaim.RunAsync(
                store.AppendWrites,
                [keys.Connections, keys.LastFixes, keys.EarlierSessions(driverId), keys.LogFence(holder)],
                [
                    driverId, writer.Value, sessionId, holder,
                    clock.RealMilliseconds(StoreExpiries.EarlierSessions), clock.RealMilliseconds(StoreExpiries.Writer),
                ]))!;
            if ((string)reply[0]! == "ok")
            {
                // Without them the app sends again what the log has already, which is harmless.
                var last = store.Unreadable.Read(RecordKind.LastFix, keys.LastFixes, driverId, (byte[]?)reply[2], LastFix.Parse);
                var ofSession = store.Unreadable.Read(RecordKind.LastFix, keys.EarlierSessions(driverId), sessionId, (byte[]?)reply[3], LastFix.Parse);
                return new ConnectionClaim(
                    long.Parse((string)reply[1]!, CultureInfo.InvariantCulture),
                    ofSession?.LoggedThrough ?? 0,
                    last?.Fix,
                    last?.SessionId,
                    ofSession?.Rejections ?? []);
            }

            holder = (string)reply[1]!;
        }
    }

    private async Task<string> HolderAsync(string driverId)
    {
        var connection = (string?)await store.Append.HashGetAsync(keys.Connections, driverId);
        return connection?.Split(' ')[1] ?? "-";
    }
}
