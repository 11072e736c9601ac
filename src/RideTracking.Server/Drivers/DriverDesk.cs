using Grpc.Core;
using RideTracking.Engine.Dispatch;
using RideTracking.Engine.Index;
using RideTracking.Server.Areas;
using RideTracking.Server.Directories;
using RideTracking.Server.Hosting;
using RideTracking.Server.Incidents;
using RideTracking.Server.Log;
using RideTracking.Server.Protocol;
using RideTracking.Server.Store;
using RideTracking.Server.Trips;
using StackExchange.Redis;
using Status = Google.Rpc.Status;

namespace RideTracking.Server.Drivers;

/// <summary>What a driver's stream asks of the dispatch: to act, and to know the driver's plan. Thread-safe.</summary>
internal sealed class DriverDesk
{
    private static readonly Backoff StoreRetry = new(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1));

    private readonly Dispatcher _dispatcher;
    private readonly TripBook _book;
    private readonly TripStore _trips;
    private readonly StoreKeys _keys;
    private readonly CompanyDirectory _directory;
    private readonly IncidentDesk _incidents;
    private readonly TimeProvider _time;

    public DriverDesk(
        Dispatcher dispatcher, TripBook book, TripStore trips, StoreKeys keys, CompanyDirectory directory, IncidentDesk incidents, TimeProvider time)
    {
        (_dispatcher, _book, _trips, _keys, _directory, _incidents, _time) = (dispatcher, book, trips, keys, directory, incidents, time);
    }

    /// <summary>
    /// Does what the driver did, once and for all: the result is committed with it, and a repeat gets the same one. While
    /// the store is away it waits: an action is answered when it is committed, not before.
    /// </summary>
    /// <param name="driverId">The driver of the stream.</param>
    /// <param name="claim">The stream's claim; when another connection has taken over, the action is refused (and not remembered).</param>
    /// <param name="action">The action.</param>
    /// <param name="occurredAt">When the driver did it, by the server's clock: what the phone says by its own is not looked at here.</param>
    /// <param name="cancellation">Ends the waiting when the stream ends; the app then sends the action again.</param>
    /// <returns>What to answer; null when the store has forgotten the claim: nothing was done, and it is to be made anew first.</returns>
    public async Task<V1.ActionResult?> ActAsync(string driverId, DriverClaim claim, V1.DriverAction action, DateTimeOffset occurredAt, CancellationToken cancellation)
    {
        if (DriverActionCheck.Fault(action) is { } fault)
        {
            return Result(action, fault);
        }

        return await StoreRetry.RetryAsync(() => ActOnceAsync(driverId, claim, action, occurredAt), StoreFailure.Passes, _time, cancellation);
    }

    /// <summary>What the driver chose and where it is to go, as <c>Welcome</c> tells it.</summary>
    /// <exception cref="RedisException">The store is away and the present was never read from it.</exception>
    public async Task<(V1.DriverAvailability Availability, V1.RouteChanged RoutePlan)> LoadAsync(string driverId)
    {
        var plan = await PresentPlanAsync(driverId);
        var route = new V1.RouteChanged { RoutePlanVersion = plan.RoutePlanVersion, Route = plan.Route is null ? null : TripWire.Of(plan.Route) };
        route.Waypoints.AddRange(plan.Stops.Select(TripWire.Of));
        return ((V1.DriverAvailability)plan.Availability, route);
    }

    // Another node may have changed it. While the store is away, as it was; what has changed is told when it is back.
    private async Task<DriverPlan> PresentPlanAsync(string driverId)
    {
        try
        {
            var plan = await _trips.ReadPlanAsync(driverId);
            // Who never chose anything is only tracked, and stays so.
            _book.Apply(null, plan.Version == 0 ? [] : [plan]);
            return plan;
        }
        catch (Exception e) when (StoreFailure.Passes(e) && _book.IsLoaded)
        {
            var plan = _book.PlanOf(driverId);
            _dispatcher.WayWasTold(driverId, plan.RoutePlanVersion);
            return plan;
        }
    }

    /// <inheritdoc cref="Dispatcher.WayWasTold"/>
    public void WayWasTold(string driverId, ulong routePlanVersion) => _dispatcher.WayWasTold(driverId, routePlanVersion);

    /// <summary>Why the company lets a driver not work; null when it does.</summary>
    public string? BlockedReasonOf(string driverId) => _book.PlanOf(driverId).BlockedReason;

    /// <summary>Refuses a blocked driver.</summary>
    /// <exception cref="Grpc.Core.RpcException">PERMISSION_DENIED with ErrorInfo DRIVER_BLOCKED.</exception>
    public void RequireNotBlocked(string driverId)
    {
        if (BlockedReasonOf(driverId) is { } reason)
        {
            throw Blocked(driverId, reason).ToRpcException();
        }
    }

    /// <summary>What a blocked driver is told.</summary>
    internal static Status Blocked(string driverId, string reason) =>
        Refusal.PermissionDenied("DRIVER_BLOCKED", $"The company has blocked the driver {driverId}: {reason}", ("driver_id", driverId), ("reason", reason));

    private async Task<V1.ActionResult?> ActOnceAsync(string driverId, DriverClaim claim, V1.DriverAction action, DateTimeOffset occurredAt)
    {
        var actor = new ActingDriver(driverId, claim);
        var once = OnceOnly.Action(_keys.ActionAnswer(driverId, action.ActionId), action);
        if (action.ActionCase == V1.DriverAction.ActionOneofCase.RaiseIncident)
        {
            return await _incidents.RaiseAsync(actor, action, occurredAt, once.Answered(Result(action, Refusal.Ok))) switch
            {
                IncidentCommitted => Result(action, Refusal.Ok),
                IncidentAnsweredBefore before => Again(action, once, before.Answer),
                IncidentTakenOver other => claim.IsPassedBy(other.Now) ? TakenOver(action) : null,
                _ => Result(action, _incidents.TooMany),
            };
        }

        var (tripId, happened) = await EventOfAsync(driverId, action, occurredAt);
        var outcome = await _dispatcher.DispatchAsync(tripId, happened, actor, result => once.Answered(ResultOf(action, result)));
        return outcome switch
        {
            Decided decided => ResultOf(action, decided.Result),
            AnsweredBefore before => Again(action, once, before.Answer),
            NotTheDriverAnyMore other => claim.IsPassedBy(other.Now) ? TakenOver(action) : null,
            _ => Result(action, Refusal.Aborted(
                "CONTENDED", "The trip is being changed by too many at once; nothing was changed. Send the action again.")),
        };
    }

    private static V1.ActionResult Again(V1.DriverAction action, OnceOnly once, byte[] given) =>
        once.TryRepeat(given, out var answer) ? V1.ActionResult.Parser.ParseFrom(answer) : Result(action, once.Reused);

    private static V1.ActionResult TakenOver(V1.DriverAction action) =>
        Result(action, Refusal.Aborted("TAKEN_OVER", "Another connection of this driver has taken over; this one can act no more."));

    private async Task<(string? TripId, DispatchEvent Happened)> EventOfAsync(string driverId, V1.DriverAction action, DateTimeOffset occurredAt)
    {
        switch (action.ActionCase)
        {
            case V1.DriverAction.ActionOneofCase.SetAvailability:
                var known = await _directory.Drivers.FindAsync(driverId) is not null;
                return (null, new AvailabilityChosen(driverId, (DriverAvailability)action.SetAvailability.Availability, known) { OccurredAt = occurredAt });
            case V1.DriverAction.ActionOneofCase.OfferReply:
                var reply = action.OfferReply;
                return (
                    Plausible(OfferIds.TripOf(reply.OfferId) ?? ""),
                    new OfferAnswered(driverId, reply.OfferId, reply.Accepted, (DeclineReason)reply.DeclineReason) { OccurredAt = occurredAt });
            case V1.DriverAction.ActionOneofCase.TripProgress:
                var progress = action.TripProgress;
                return (
                    Plausible(progress.TripId),
                    new WaypointProgressed(driverId, progress.WaypointId, (WaypointStep)progress.Step, progress.PickupCode) { OccurredAt = occurredAt });
            default:
                var cancellation = action.TripCancellation;
                return (
                    Plausible(cancellation.TripId),
                    new CancelRequested(TripActor.Driver, (CancellationReason)cancellation.Reason, cancellation.Note, driverId) { OccurredAt = occurredAt });
        }
    }

    // What cannot be a trip's id is no key to look up.
    private string? Plausible(string tripId) => TripIds.IsPlausible(_keys, tripId) ? tripId : null;

    private static V1.ActionResult ResultOf(V1.DriverAction action, TransitionResult result) => result switch
    {
        Transition { Trip: { } trip } => new V1.ActionResult { ActionId = action.ActionId, Status = Refusal.Ok, TripVersion = trip.Version },
        Transition => Result(action, Refusal.Ok),
        _ => Result(action, DispatchRefusals.Of((Refused)result)),
    };

    private static V1.ActionResult Result(V1.DriverAction action, Status status) => new() { ActionId = action.ActionId, Status = status };
}
