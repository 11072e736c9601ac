using System.Collections.Immutable;
using RideTracking.Engine.Geo;

namespace RideTracking.Engine.Dispatch.Matching;

/// <summary>What happens at a stop.</summary>
public enum PooledStopKind : byte
{
    Pickup = 1,
    Stop = 2,
    Dropoff = 3,
}

/// <summary>A place where a driver will stop for a rider.</summary>
/// <param name="TripId">Whose stop it is.</param>
/// <param name="Kind">What happens there.</param>
/// <param name="Location">Where.</param>
public readonly record struct PooledStop(string TripId, PooledStopKind Kind, GeoPoint Location);

/// <summary>Someone who shares a car: on board when no pick-up is among the stops, else waiting.</summary>
/// <param name="TripId">Whose.</param>
/// <param name="PartySize">Seats taken, 1 or more.</param>
/// <param name="DirectSeconds">How long the ride takes alone, from the pick-up through the trip's own stops; above 0.</param>
public sealed record PooledRider(string TripId, int PartySize, double DirectSeconds)
{
    /// <summary>On board since so many seconds; 0 for one who waits.</summary>
    public double RiddenSeconds { get; init; }

    /// <summary>When the pick-up was promised, in seconds from now (negative when that has passed); null when nothing was.</summary>
    public double? PromisedPickupSeconds { get; init; }
}

/// <summary>What a shared car must keep to.</summary>
/// <param name="Seats">Of the car.</param>
/// <param name="MaxDetourShare">How much longer than alone a ride may take, as a share of it: 0.5 is half as long again.</param>
/// <param name="MaxDetourSeconds">Or so many seconds, if that is more.</param>
/// <param name="MaxPickupDelaySeconds">How much later than promised a pick-up may be.</param>
public sealed record PoolLimits(int Seats, double MaxDetourShare, double MaxDetourSeconds, double MaxPickupDelaySeconds);

/// <summary>The order to visit stops in.</summary>
/// <param name="Stops">All, the new ones among them.</param>
/// <param name="ArrivalSeconds">From now, at the same places.</param>
/// <param name="AddedSeconds">How much longer the driver drives for it in all.</param>
public sealed record PooledOrder(ImmutableArray<PooledStop> Stops, ImmutableArray<double> ArrivalSeconds, double AddedSeconds);
