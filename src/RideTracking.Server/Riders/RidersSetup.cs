using RideTracking.Server.Areas;

namespace RideTracking.Server.Riders;

/// <summary>Wires what riders ask for.</summary>
public static class RidersSetup
{
    /// <summary>Adds requests and estimates. After the trips.</summary>
    public static AreaBuilder AddRiders(this AreaBuilder area)
    {
        area.Services.AddSingleton<RideDesk>();
        area.Services.AddSingleton<TripEstimate>();
        return area.AddDoor<RideDesk>().AddDoor<TripEstimate>();
    }
}
