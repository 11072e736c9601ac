namespace RideTracking.Engine.Roads.Graph;

/// <summary>What else is known of a road. Stored in graph files: never renumber.</summary>
[Flags]
public enum RoadFlags : byte
{
    None = 0,

    /// <summary>Leads onto or off a road of its class.</summary>
    Link = 1,
    Roundabout = 2,

    /// <summary>No satellites are seen there, so fixes are missing or far off.</summary>
    Tunnel = 4,
    Bridge = 8,

    /// <summary>Only for who starts or ends there.</summary>
    DestinationOnly = 16,
    Toll = 32,

    /// <summary>In a built-up area.</summary>
    Urban = 64,

    /// <summary>Part of the network that is connected both ways; only here do routes start and end.</summary>
    Connected = 128,
}
