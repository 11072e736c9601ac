using RideTracking.Engine.Index;

namespace RideTracking.Server.Drivers.Reporting;

/// <summary>How closely a driver is to be seen, slowest first.</summary>
public enum ReportingPace
{
    /// <summary>Off duty or pausing.</summary>
    Rare,

    /// <summary>Free where nobody asks.</summary>
    Seldom,

    /// <summary>Free in a busy place, or on the way with nobody watching.</summary>
    Normal,

    /// <summary>Followed live, or near the next stop.</summary>
    Close,
}

/// <summary>What decides how often a driver is to report.</summary>
/// <param name="Availability">As chosen.</param>
/// <param name="Work">As the plan says.</param>
/// <param name="NextStopMeters">To the next stop as the crow flies; infinity without one.</param>
/// <param name="IsFollowed">Somebody watches the car live.</param>
/// <param name="IsBusyPlace">Somebody asked for a ride or for cars near here lately.</param>
public readonly record struct ReportingMoment(
    DriverAvailability Availability, DriverWork Work, double NextStopMeters, bool IsFollowed, bool IsBusyPlace);

/// <summary>Which pace a moment asks for.</summary>
public static class ReportingPaces
{
    /// <summary>A pure function.</summary>
    /// <param name="moment">What is so now.</param>
    /// <param name="nearStopMeters">How near to a stop is near.</param>
    public static ReportingPace Of(in ReportingMoment moment, double nearStopMeters) => moment switch
    {
        { Work: DriverWork.ToPickup or DriverWork.OnTrip, IsFollowed: true } => ReportingPace.Close,
        { Work: DriverWork.ToPickup or DriverWork.OnTrip } when moment.NextStopMeters <= nearStopMeters => ReportingPace.Close,
        { Work: DriverWork.ToPickup or DriverWork.OnTrip or DriverWork.Offered } => ReportingPace.Normal,
        { Availability: DriverAvailability.Offline or DriverAvailability.Paused or DriverAvailability.LastTrip } => ReportingPace.Rare,
        { Availability: DriverAvailability.Available, IsBusyPlace: false } => ReportingPace.Seldom,
        // Also whose availability nobody has ever told: who only tracks a fleet.
        _ => ReportingPace.Normal,
    };
}
