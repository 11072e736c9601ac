namespace RideTracking.Engine.Zones;

/// <summary>What a zone is for. The numbers are those of the contract.</summary>
public enum ZoneKind : byte
{
    /// <summary>Not told; no zone has it.</summary>
    Unspecified = 0,

    /// <summary>Trips are served here. With no such zone at all they are served everywhere.</summary>
    ServiceArea = 1,

    /// <summary>Events only.</summary>
    Geofence = 2,

    /// <summary>Nobody may be picked up here.</summary>
    NoPickup = 3,

    /// <summary>Drivers who wait here are served first in, first out.</summary>
    Queue = 4,
}
