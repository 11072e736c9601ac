using System.Globalization;
using Grpc.Core;
using RideTracking.Engine.Ingest;
using RideTracking.Server.Areas;
using RideTracking.Server.Hosting;
using RideTracking.Server.Protocol;
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
    /// <param name="driverId">The driver.</param>
    /// <param name="sessionId">The session.</param>
    /// <param name="attempt">Which attempt of its device it is.</param>
    /// <param name="abandoned">
    /// Nobody waits for it any more. What the store has taken in already it may still run, but not after another claim, since each names the
    /// one that it follows on.
    /// </param>
    /// <exception cref="RpcException">ABORTED: a later attempt of the same device has the driver, or had it.</exception>
    /// <exception cref="RedisException">The store is away.</exception>
    /// <exception cref="OperationCanceledException">It was abandoned, and did not claim anything.</exception>
    public async Task<ConnectionClaim> ClaimAsync(
        string driverId, string sessionId, DeviceAttempt attempt = default, CancellationToken abandoned = default)
    {
        var holder = await HolderAsync(driverId);
        while (true)
        {
            abandoned.ThrowIfCancellationRequested();
            var reply = (RedisResult[])(await StoreScript.ConnectionClaim.RunAsync(
                store.AppendWrites,
                [keys.Connections, keys.LastFixes, keys.EarlierSessions(driverId), keys.LogFence(holder.Split(' ')[^1])],
                [
                    driverId, writer.Value, sessionId, holder,
                    clock.RealMilliseconds(StoreExpiries.EarlierSessions), clock.RealMilliseconds(StoreExpiries.Writer),
                    attempt.DeviceArgument, attempt.NumberArgument,
                ]))!;
            if ((string)reply[0]! == "passed")
            {
                throw Refusal.Aborted(
                    "CONNECTION_ATTEMPT_PASSED",
                    $"This device has connected by its attempt {(string)reply[1]!} already. Connect again with a higher connection_attempt.",
                    ("last_connection_attempt", (string)reply[1]!)).ToRpcException();
            }

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
        return connection is null ? "-" : string.Join(' ', connection.Split(' ', 3)[..2]);
    }
}
