using Google.Protobuf.WellKnownTypes;
using RideTracking.Engine.Dispatch;
using RideTracking.Engine.Index;
using RideTracking.Server.Directories;
using RideTracking.Server.Dispatch;

namespace RideTracking.Server.Riders;

/// <summary>A trip and its car as the rider may see them.</summary>
internal sealed class TripView(CompanyDirectory directory, TimeProvider time)
{
    /// <summary>The trip; who was asked and did not come stays untold.</summary>
    public V1.Trip Of(Trip trip, bool withPolyline = true)
    {
        var view = new V1.Trip
        {
            TripId = trip.Id,
            Version = trip.Version,
            RiderId = trip.RiderId,
            State = (V1.TripState)trip.State,
            PartySize = (uint)trip.PartySize,
            RequestedAt = trip.RequestedAt.ToTimestamp(),
            Driver = trip.DriverId is null ? null : directory.TripDriverOf(trip.DriverId),
            Route = trip.Route is null ? null : TripWire.Of(trip.Route),
            Cancellation = trip.Cancellation is null ? null : TripWire.Of(trip.Cancellation),
            Note = trip.Note,
        };
        view.Waypoints.AddRange(trip.Waypoints.Select(w => TripWire.Of(w, trip.Id)));
        foreach (var happened in trip.Events)
        {
            var told = TripWire.Of(happened);
            if (happened.Kind is TripEventKind.Offered or TripEventKind.OfferDeclined or TripEventKind.OfferTimedOut)
            {
                told.DriverId = "";
            }

            view.Events.Add(told);
        }

        if (view.Route is not null && !withPolyline)
        {
            view.Route.EncodedPolyline = "";
        }

        return view;
    }

    /// <summary>The trip as ops and the company's backend see it: also who was asked.</summary>
    public V1.Trip ForOps(Trip trip, bool withPolyline = true)
    {
        var view = Of(trip, withPolyline);
        foreach (var (told, happened) in view.Events.Zip(trip.Events))
        {
            told.DriverId = happened.DriverId ?? "";
        }

        return view;
    }

    /// <summary>The car's position; null when there is none.</summary>
    public V1.VehiclePosition? PositionOf(in DriverEntry driver, out TimeSpan age)
    {
        age = TimeSpan.Zero;
        if (!driver.HasFix)
        {
            return null;
        }

        var fix = driver.Fix;
        var fixedAt = DateTimeOffset.FromUnixTimeMilliseconds(fix.FixedAtUnixMs);
        age = time.GetUtcNow() - fixedAt;
        var position = new V1.VehiclePosition { Location = TripWire.Of(fix.Point), FixedAt = fixedAt.ToTimestamp(), Age = age.ToDuration() };
        if (float.IsFinite(fix.CourseDegrees))
        {
            position.CourseDegrees = fix.CourseDegrees;
        }

        if (float.IsFinite(fix.SpeedMetersPerSecond))
        {
            position.SpeedMetersPerSecond = fix.SpeedMetersPerSecond;
        }

        return position;
    }
}
