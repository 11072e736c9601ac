using System.Collections.Immutable;
using Google.Protobuf.WellKnownTypes;
using RideTracking.Engine.Dispatch;
using RideTracking.Server.Directories;

namespace RideTracking.Server.Trips;

/// <summary>A trip and its car as the rider may see them: the trip itself, and its part of the driver's plan.</summary>
internal sealed class TripView(CompanyDirectory directory, TripBook book)
{
    /// <summary>The trip for its rider; who was asked and did not come stays untold.</summary>
    public V1.Trip Of(Trip trip, bool withPolyline = true)
    {
        var view = ForOps(trip, withPolyline);
        view.PickupCode = trip.Terms.PickupCode ?? "";
        foreach (var told in view.Events)
        {
            told.Place = null;
            told.DeclineReason = V1.DeclineReason.Unspecified;
            if (told.Kind is V1.TripEventKind.Offered or V1.TripEventKind.OfferDeclined or V1.TripEventKind.OfferTimedOut
                or V1.TripEventKind.OfferUndelivered or V1.TripEventKind.OfferWithdrawn)
            {
                told.DriverId = "";
            }
        }

        return view;
    }

    /// <summary>The trip for ops and the company's backend, with all that happened; without the rider's code.</summary>
    public V1.Trip ForOps(Trip trip, bool withPolyline = true)
    {
        var plan = trip is { IsFinal: false, DriverId: { } driverId } ? book.PlanOf(driverId) : null;
        var view = new V1.Trip
        {
            TripId = trip.Id,
            Version = trip.Version,
            RiderId = trip.RiderId,
            State = (V1.TripState)trip.State,
            PartySize = (uint)trip.PartySize,
            RequestedAt = trip.RequestedAt.ToTimestamp(),
            Driver = trip.DriverId is null ? null : directory.TripDriverOf(trip.DriverId),
            Route = plan is null ? null : TripRouteOf(trip, plan),
            DriverFinishesOtherTrip = plan is not null && FinishesOther(trip, plan),
            DriverLostSince = trip.DriverLostSince?.ToTimestamp(),
            Cancellation = trip.Cancellation is null ? null : TripWire.Of(trip.Cancellation),
            Note = trip.Note,
            Terms = TripTermsWire.Of(trip.Terms),
        };
        view.Waypoints.AddRange(trip.Waypoints.Select(w => TripWire.Of(w, trip.Id, plan?.ArrivalAt(w.Id))));
        view.Events.AddRange(trip.Events.Select(TripWire.Of));
        view.Promised.AddRange(trip.Promised.Select(p => new V1.PromisedArrival
        {
            WaypointId = p.WaypointId,
            Arrival = p.Arrival.ToTimestamp(),
            ToldAt = p.ToldAt.ToTimestamp(),
            CameTrueAt = trip.Waypoints.FirstOrDefault(w => w.Id == p.WaypointId)?.ArrivedAt?.ToTimestamp(),
        }));
        if (view.Route is not null && !withPolyline)
        {
            view.Route.EncodedPolyline = "";
        }

        return view;
    }

    /// <summary>The version of the way that the trip's view shows; 0 for none.</summary>
    public ulong RouteVersionOf(Trip trip) =>
        trip is { IsFinal: false, DriverId: { } driverId } && book.PlanOf(driverId) is { Route: { } route } plan && !FinishesOther(trip, plan) ? route.Version : 0;

    private static bool FinishesOther(Trip trip, DriverPlan plan) =>
        !plan.Stops.IsEmpty && plan.Stops[0].TripId != trip.Id && !trip.Terms.CanShare;

    // Of the driver's way, what leads to this trip's waypoints: the stops of others are no business of the rider's.
    private static V1.Route? TripRouteOf(Trip trip, DriverPlan plan)
    {
        if (plan.Route is not { } route || FinishesOther(trip, plan))
        {
            return null;
        }

        HashSet<string> own = [.. trip.Waypoints.Select(w => w.Id)];
        var last = route.WaypointIds.LastOrDefault(own.Contains) is { } id ? route.WaypointIds.IndexOf(id) : -1;
        if (last < 0)
        {
            return null;
        }

        if (route.WaypointIds.All(own.Contains))
        {
            return TripWire.Of(route);
        }

        return TripWire.Of(route with
        {
            WaypointIds = [.. route.WaypointIds.Where(own.Contains)],
            Route = route.Route.UpTo(last + 1).Joined([.. route.WaypointIds.Take(last + 1).Select(own.Contains)]),
        });
    }
}
