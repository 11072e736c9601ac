namespace RideTracking.Server.Trips;

/// <summary>Where drivers are asked to report more often. Section <c>Reporting</c>, with the paces that follow from it.</summary>
public sealed class BusyPlacesOptions
{
    /// <summary>A place is busy for this long after somebody asked for a ride or for cars within about 1 km: 0 to 1 d.</summary>
    public TimeSpan BusyFor { get; set; } = TimeSpan.FromMinutes(15);
}
