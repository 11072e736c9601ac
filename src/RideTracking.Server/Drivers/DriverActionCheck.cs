using RideTracking.Server.Incidents;
using RideTracking.Server.Protocol;
using RideTracking.Server.Trips;
using Status = Google.Rpc.Status;

namespace RideTracking.Server.Drivers;

/// <summary>What can be wrong with an action by itself, whatever the state of things.</summary>
internal static class DriverActionCheck
{
    private const int MaxNoteLength = 280;

    /// <summary>What is wrong, or null. Depends on the action alone, so a repeat gets the same answer without being remembered.</summary>
    public static Status? Fault(V1.DriverAction action)
    {
        var check = new RequestCheck();
        check.Id("action.action_id", action.ActionId);
        // Not as the stream is read: it would end by it, and one bad action ends no stream.
        WellKnownTypes.Check(check, action, "action.");
        switch (action.ActionCase)
        {
            case V1.DriverAction.ActionOneofCase.SetAvailability:
                check.Choice("action.set_availability.availability", action.SetAvailability.Availability);
                break;
            case V1.DriverAction.ActionOneofCase.OfferReply:
                check.Require(action.OfferReply.OfferId.Length > 0, "action.offer_reply.offer_id", "must be given");
                check.Require(System.Enum.IsDefined(action.OfferReply.DeclineReason), "action.offer_reply.decline_reason", "must be one of the enum's values");
                break;
            case V1.DriverAction.ActionOneofCase.TripProgress:
                check.Require(action.TripProgress.TripId.Length > 0, "action.trip_progress.trip_id", "must be given");
                check.Require(action.TripProgress.WaypointId.Length > 0, "action.trip_progress.waypoint_id", "must be given");
                check.Choice("action.trip_progress.step", action.TripProgress.Step);
                break;
            case V1.DriverAction.ActionOneofCase.TripCancellation:
                check.Require(action.TripCancellation.TripId.Length > 0, "action.trip_cancellation.trip_id", "must be given");
                RideCheck.CancellationReason(check, "action.trip_cancellation.reason", action.TripCancellation.Reason);
                check.Text("action.trip_cancellation.note", action.TripCancellation.Note, 0, MaxNoteLength);
                break;
            case V1.DriverAction.ActionOneofCase.RaiseIncident:
                IncidentDesk.Check(check, "action.raise_incident.", action.RaiseIncident.Kind, action.RaiseIncident.Note);
                break;
            default:
                check.Require(false, "action.action", "must be one that this server knows");
                break;
        }

        return check.Fault;
    }
}
