namespace RideTracking.Server.Access;

/// <summary>What a caller is, from the token's claim <c>role</c>. Flags, so that a rule can name several.</summary>
[Flags]
public enum Role
{
    /// <summary>Nobody; no token has it.</summary>
    None = 0,

    /// <summary>A driver's app: acts for the drivers in <c>ids</c>.</summary>
    Driver = 1,

    /// <summary>A rider's app: acts for the riders in <c>ids</c>.</summary>
    Rider = 2,

    /// <summary>The company's people at the map.</summary>
    Ops = 4,

    /// <summary>The company's backend: acts for every driver and rider.</summary>
    Service = 8,
}
