using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Microsoft.Extensions.Options;
using RideTracking.Engine.Dispatch;
using RideTracking.Server.Access;
using RideTracking.Server.Areas;
using RideTracking.Server.Protocol;
using RideTracking.Server.Store;
using RideTracking.Server.Trips;
using StackExchange.Redis;
using Status = Google.Rpc.Status;

namespace RideTracking.Server.Incidents;

/// <summary>Where incidents are raised and closed.</summary>
internal sealed class IncidentDesk(
    Area area, IncidentStore incidents, TripBook book, TripStore trips, CityFleet fleet, IncidentMetrics metrics, IOptions<IncidentOptions> options)
{
    private const int MaxNoteLength = 280;

    /// <summary>What a raiser is told who has too many open.</summary>
    public Status TooMany => Refusal.Exhausted(
        "TOO_MANY_OPEN_INCIDENTS", $"{options.Value.MaxOpen} of your incidents are open already (Incidents:MaxOpen). Ops know of them; wait until they have closed some.");

    /// <summary>A driver's action.</summary>
    /// <param name="actor">Whose, on which connection.</param>
    /// <param name="action">The action, checked.</param>
    /// <param name="occurredAt">When, by the server's clock.</param>
    /// <param name="answer">What a repeat is to get.</param>
    /// <exception cref="RedisException">The store is away; whether it was raised is then not known.</exception>
    public async Task<IncidentReply> RaiseAsync(ActingDriver actor, V1.DriverAction action, DateTimeOffset occurredAt, StoredAnswer answer)
    {
        var incident = New(action.RaiseIncident.Kind, action.RaiseIncident.Note, occurredAt.ToTimestamp());
        incident.RaisedBy = V1.TripActor.Driver;
        incident.Driver = new V1.TripDriver { DriverId = actor.DriverId };
        Locate(incident, actor.DriverId);
        if (await TripOfAsync(actor.DriverId, action.RaiseIncident.TripId) is { } trip)
        {
            (incident.TripId, incident.RiderId) = (trip.Id, trip.RiderId);
        }

        return await CommitAsync(incident, answer, actor);
    }

    /// <summary>A rider's request.</summary>
    /// <exception cref="RpcException">INVALID_ARGUMENT; NOT_FOUND when the trip is not the caller's; ALREADY_EXISTS; RESOURCE_EXHAUSTED.</exception>
    /// <exception cref="RedisException">The store is away; whether it was raised is then not known.</exception>
    public async Task<V1.RaiseIncidentResponse> RaiseAsync(V1.RaiseIncidentRequest request, Caller caller)
    {
        var check = new RequestCheck();
        check.Id("request_id", request.RequestId);
        Check(check, "", request.Kind, request.Note);
        check.Pass();
        var trip = await FindTripAsync(request.TripId);
        if (trip is null || !caller.MayActForRider(trip.RiderId))
        {
            throw DispatchRefusals.TripNotFound.ToRpcException();
        }

        var incident = New(request.Kind, request.Note, request.OccurredAt);
        (incident.RaisedBy, incident.TripId, incident.RiderId) = (V1.TripActor.Rider, trip.Id, trip.RiderId);
        if (trip.DriverId is { } driverId)
        {
            incident.Driver = new V1.TripDriver { DriverId = driverId };
            if (!trip.IsFinal)
            {
                Locate(incident, driverId);
            }
        }

        var once = OnceOnly.Request(area.Keys.RequestAnswer(caller.Subject, request.RequestId), request.RequestId, request);
        return await CommitAsync(incident, once.Answered(incident.IncidentId), null) switch
        {
            IncidentCommitted => new V1.RaiseIncidentResponse { IncidentId = incident.IncidentId },
            IncidentAnsweredBefore before => new V1.RaiseIncidentResponse { IncidentId = once.RepeatedId(before.Answer) },
            _ => throw TooMany.ToRpcException(),
        };
    }

    /// <summary>Closes an incident; one that is closed stays as it was closed.</summary>
    /// <exception cref="RpcException">INVALID_ARGUMENT; NOT_FOUND when there is none, or none any more.</exception>
    /// <exception cref="RedisException">The store is away; closing may be repeated.</exception>
    public async Task<V1.Incident> CloseAsync(V1.CloseIncidentRequest request, string closedBy)
    {
        var check = new RequestCheck();
        check.Text("note", request.Note, 0, MaxNoteLength);
        check.Pass();
        // It changes once: who comes second meets it closed.
        while (TripIds.IsPlausible(area.Keys, request.IncidentId) && await incidents.FindAsync(request.IncidentId) is { } incident)
        {
            if (incident.State == V1.IncidentState.Closed)
            {
                return incident;
            }

            incident.State = V1.IncidentState.Closed;
            (incident.ClosedAt, incident.ClosedBy, incident.ClosingNote) = (area.Clock.GetUtcNow().ToTimestamp(), closedBy, request.Note);
            if (await incidents.CommitAsync(incident, null, null) is IncidentCommitted)
            {
                metrics.Closed(incident.Kind);
            }
        }

        throw Refusal.NotFound("INCIDENT_NOT_FOUND", "There is no such incident, or it was closed long ago.").ToRpcException();
    }

    /// <summary>What can be wrong with an incident by itself.</summary>
    public static void Check(RequestCheck check, string prefix, V1.IncidentKind kind, string note)
    {
        check.Choice(prefix + "kind", kind);
        check.Text(prefix + "note", note, 0, MaxNoteLength);
    }

    private V1.Incident New(V1.IncidentKind kind, string note, Timestamp? occurredAt)
    {
        var now = area.Clock.GetUtcNow().ToTimestamp();
        return new V1.Incident
        {
            IncidentId = TripIds.New(area.Keys, area.Clock),
            Kind = kind,
            State = V1.IncidentState.Open,
            Note = note,
            OccurredAt = occurredAt is { } told && told < now ? told : now,
            RecordedAt = now,
        };
    }

    private void Locate(V1.Incident incident, string driverId)
    {
        if (fleet.TryGet(driverId, out var driver) && driver.HasFix)
        {
            incident.Location = driver.Fix.Point.ToLatLng();
            incident.LocatedAt = driver.Fix.FixedAt().ToTimestamp();
        }
    }

    // The trip that the driver names, if it is theirs; else the one they have.
    private async Task<Trip?> TripOfAsync(string driverId, string tripId) =>
        tripId.Length > 0 ? await FindTripAsync(tripId) is { } named && named.DriverId == driverId ? named : null
        : (book.IsLoaded ? book.PlanOf(driverId) : await trips.ReadPlanAsync(driverId)).TripIds is [var current, ..] ? await FindTripAsync(current)
        : null;

    private async Task<Trip?> FindTripAsync(string tripId) =>
        TripIds.IsPlausible(area.Keys, tripId) ? book.Find(tripId) ?? await trips.ReadTripAsync(tripId) : null;

    private async Task<IncidentReply> CommitAsync(V1.Incident incident, StoredAnswer answer, ActingDriver? actor)
    {
        var reply = await incidents.CommitAsync(incident, answer, actor);
        if (reply is IncidentCommitted)
        {
            metrics.Raised(incident.Kind);
        }

        return reply;
    }
}
