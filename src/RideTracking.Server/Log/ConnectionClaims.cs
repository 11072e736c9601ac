using Grpc.Core;
using RideTracking.Server.Areas;
using RideTracking.Server.Hosting;
using RideTracking.Server.Protocol;
using RideTracking.Server.Store;
using StackExchange.Redis;

namespace RideTracking.Server.Log;

/// <summary>Makes a connection the only one that may write for its driver.</summary>
public sealed class ConnectionClaims(RedisStore store, Area area, LogWriter writer, LastFixes lastFixes, LostLinks lost, ServerClock clock)
{
    internal const string AttemptPassedReason = "CONNECTION_ATTEMPT_PASSED";

    private readonly StoreKeys _keys = area.Keys;

    /// <summary>Claims the driver for a session on this node; whoever held it can write no more.</summary>
    /// <param name="request">Who asks.</param>
    /// <param name="abandoned">
    /// Nobody waits for it any more. What the store has taken in already it may still run, but not after another claim, since each names the
    /// one that it follows on.
    /// </param>
    /// <exception cref="RpcException">ABORTED: a later attempt of the same device has the driver, or had it, or another connection has come meanwhile.</exception>
    /// <exception cref="RedisException">The store is away.</exception>
    /// <exception cref="OperationCanceledException">It was abandoned, and did not claim anything.</exception>
    public async Task<ConnectionClaim> ClaimAsync(ClaimRequest request, CancellationToken abandoned = default)
    {
        var (driverId, sessionId) = (request.DriverId, request.SessionId);
        var holder = await HolderAsync(driverId);
        while (true)
        {
            abandoned.ThrowIfCancellationRequested();
            // One of this node is its own, of which it has not heard: another session here would have made it lose the driver.
            if (request.Before is { } before && before.IsPassedBy(holder) && !writer.IsOwn(holder!.Writer))
            {
                throw Passed("CLAIM_PASSED", "Another connection of this driver has come since.");
            }

            if (request.MayClaim is { } mayClaim && !mayClaim())
            {
                throw Passed("CLAIM_PASSED", "Another connection of this driver has come meanwhile. Send the same again.");
            }

            // It may be renewed meanwhile.
            var by = writer.Id;
            var reply = (RedisResult[])(await area.Feed.RunAsync(
                store.AppendWrites,
                StoreScript.ConnectionClaim,
                [
                    _keys.Connections, _keys.LastFixes, _keys.EarlierSessions(driverId), _keys.LogFence(holder?.Writer ?? DriverClaim.None), _keys.Outbox(driverId),
                    _keys.Links(by), _keys.Links(holder?.Writer ?? DriverClaim.None), _keys.Nodes, _keys.NamedVehicles,
                ],
                [
                    driverId, by, sessionId, holder?.ToString() ?? DriverClaim.None,
                    clock.RealMilliseconds(StoreExpiries.EarlierSessions), clock.RealMilliseconds(StoreExpiries.Writer),
                    request.Attempt.DeviceArgument, request.Attempt.NumberArgument,
                    request.EpochFloor, Math.Min(request.LastCommandSequence, ClaimRequest.MaxCommandSequence), request.Before is not null,
                    request.IsStream, (long)NodeLease.Length.TotalMilliseconds, request.VehicleId,
                ]))!;
            switch ((string)reply[0]!)
            {
                case "passed":
                    throw AttemptPassed((string)reply[1]!);
                case "ok" when by != writer.Id:
                    holder = new DriverClaim((long)reply[1], by);
                    break;
                case "ok":
                    return Read(request, new DriverClaim((long)reply[1], by), (byte[]?)reply[2], (byte[]?)reply[3]);
                default:
                    holder = DriverClaim.Parse((string)reply[1]!);
                    break;
            }
        }
    }

    /// <summary>A stream has ended: whatever claim it has, or is still to get, connects the driver no more.</summary>
    internal void Ended(Carrier carrier)
    {
        if (!carrier.Request.IsStream)
        {
            return;
        }

        if (carrier.LastClaim is { } claim)
        {
            lost.Add(carrier.DriverId, claim);
        }
        else
        {
            // Nobody waits for its answer, and it may come all the same.
            carrier.Claiming.ContinueWith(
                claiming => lost.Add(carrier.DriverId, ((Task<ConnectionClaim>)claiming).Result.Claim),
                CancellationToken.None, TaskContinuationOptions.OnlyOnRanToCompletion, TaskScheduler.Default);
        }
    }

    /// <summary>Of two attempts of a device the earlier one came later.</summary>
    internal static RpcException AttemptPassed(string last) => Passed(
        AttemptPassedReason,
        $"This device has connected by its attempt {last} already. Connect again with a higher connection_attempt.",
        ("last_connection_attempt", last));

    private static RpcException Passed(string reason, string message, params (string Key, string Value)[] metadata) =>
        Refusal.Aborted(reason, message, metadata).ToRpcException();

    private ConnectionClaim Read(ClaimRequest request, DriverClaim claim, byte[]? last, byte[]? ofSession)
    {
        // Without them the app sends again what the log has already, which is harmless.
        var present = lastFixes.Parse(request.DriverId, last);
        var resumed = store.Unreadable.Read(
            RecordKind.LastFix, _keys.EarlierSessions(request.DriverId), request.SessionId, ofSession, LastFix.Parse);
        return new ConnectionClaim(
            claim, resumed?.LoggedThrough ?? 0, present?.Fix, present?.SessionId, resumed?.Rejections ?? [], resumed?.Contents ?? []);
    }

    private async Task<DriverClaim?> HolderAsync(string driverId) =>
        (string?)await store.Append.HashGetAsync(_keys.Connections, driverId) is { } connection ? DriverClaim.Parse(connection) : null;
}
