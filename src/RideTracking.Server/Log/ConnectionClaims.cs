using Grpc.Core;
using RideTracking.Server.Areas;
using RideTracking.Server.Hosting;
using RideTracking.Server.Protocol;
using RideTracking.Server.Store;
using RideTracking.Server.Store.Events;
using RideTracking.Server.Store.Feeds;
using StackExchange.Redis;

namespace RideTracking.Server.Log;

/// <summary>Makes a connection the only one that may write for its driver.</summary>
internal sealed class ConnectionClaims(
    RedisStore store, Area area, LogWriter writer, LoggedDrivers drivers, [FromKeyedServices("log")] FeedReader log, LostLinks lost, ServerClock clock)
{
    internal const string AttemptPassedReason = "CONNECTION_ATTEMPT_PASSED";

    private readonly StoreKeys _keys = area.Keys;

    /// <summary>For tests, which plant the mistake not to.</summary>
    internal bool WaitsForLog { get; set; } = PlantedMistakes.ClaimsWaitForLog;

    /// <summary>Claims the driver for a session on this node; whoever held it can write no more.</summary>
    /// <param name="request">Who asks.</param>
    /// <param name="abandoned">
    /// Nobody waits for it any more. What the store has taken in already it may still run, but not after another claim, since each names the
    /// one that it follows on.
    /// </param>
    /// <exception cref="RpcException">ABORTED: a later attempt of the same device has the driver, or had it, or another connection has come meanwhile.</exception>
    /// <exception cref="RedisException">The store is away.</exception>
    /// <exception cref="OperationCanceledException">It was abandoned, and did not claim anything.</exception>
    public async Task<ConnectionClaim> ClaimAsync(ClaimRequest request, CancellationToken abandoned = default) =>
        await ResumeAsync(request, await AskAsync(request, abandoned), abandoned);

    /// <summary>The first half of it: from now on nobody else writes for the driver. How long it takes the store's time-outs bound.</summary>
    /// <inheritdoc cref="ClaimAsync"/>
    internal async Task<GivenClaim> AskAsync(ClaimRequest request, CancellationToken abandoned)
    {
        var driverId = request.DriverId;
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
                    _keys.Connections, _keys.LogFence(holder?.Writer ?? DriverClaim.None), _keys.Outbox(driverId), _keys.Log, _keys.Links(by), _keys.Links(holder?.Writer ?? DriverClaim.None), _keys.Nodes, _keys.NamedVehicles,
                ],
                [
                    driverId, by, request.SessionId, holder?.ToString() ?? DriverClaim.None,
                    clock.RealMilliseconds(StoreExpiries.Writer),
                    request.Attempt.DeviceArgument, request.Attempt.NumberArgument,
                    request.EpochFloor, Math.Min(request.LastCommandSequence, ClaimRequest.MaxCommandSequence),
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
                    return new GivenClaim(new DriverClaim((long)reply[1], by), HeadOf(reply));
                default:
                    holder = DriverClaim.Parse((string)reply[1]!);
                    break;
            }
        }
    }

    /// <summary>A stream has ended: whatever claim it has, or is still to get, connects the driver no more.</summary>
    internal void Ended(Carrier carrier)
    {
        if (carrier.LastClaim is { } claim)
        {
            Ended(carrier.Request, claim);
        }
        else
        {
            // Nobody waits for its answer, and it may come all the same.
            carrier.Claiming.ContinueWith(
                claiming => Ended(carrier.Request, ((Task<ConnectionClaim>)claiming).Result.Claim),
                CancellationToken.None, TaskContinuationOptions.OnlyOnRanToCompletion | TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        }
    }

    /// <summary>Nobody takes up a claim that was given.</summary>
    internal void Ended(ClaimRequest request, DriverClaim claim)
    {
        if (request.IsStream)
        {
            lost.Add(request.DriverId, claim);
        }
    }

    /// <summary>Of two attempts of a device the earlier one came later.</summary>
    internal static RpcException AttemptPassed(string last) => Passed(
        AttemptPassedReason,
        $"This device has connected by its attempt {last} already. Connect again with a higher connection_attempt.",
        ("last_connection_attempt", last));

    private static RpcException Passed(string reason, string message, params (string Key, string Value)[] metadata) =>
        Refusal.Aborted(reason, message, metadata).ToRpcException();

    /// <summary>
    /// The second half: waits until memory has the log up to where it was then, after which no fix of an earlier claim comes. A feed that begins
    /// again makes it long.
    /// </summary>
    /// <exception cref="RedisException">The store is away.</exception>
    /// <exception cref="OperationCanceledException">It was abandoned.</exception>
    internal async Task<ConnectionClaim> ResumeAsync(ClaimRequest request, GivenClaim given, CancellationToken abandoned)
    {
        try
        {
            await (WaitsForLog ? log.ReadThroughAsync(given.LogHead, abandoned) : Task.CompletedTask);
        }
        catch
        {
            // It is claimed, and nobody will hear of it.
            Ended(request, given.Claim);
            throw;
        }

        return drivers.Resume(given.Claim, request, clock.GetUtcNow().ToUnixTimeMilliseconds());
    }

    private static EventPosition HeadOf(RedisResult[] reply) =>
        new((ulong)reply[2], EventPosition.ParseToken((string)reply[3]!));

    private async Task<DriverClaim?> HolderAsync(string driverId) =>
        (string?)await store.Append.HashGetAsync(_keys.Connections, driverId) is { } connection ? DriverClaim.Parse(connection) : null;
}

/// <summary>What the store has given to a claim.</summary>
/// <param name="Claim">The claim.</param>
/// <param name="LogHead">Where the log ended then.</param>
internal readonly record struct GivenClaim(DriverClaim Claim, EventPosition LogHead);
