using RideTracking.Engine.Geo;

namespace RideTracking.Engine.Index;

/// <summary>A driver that a search found.</summary>
/// <param name="Slot">The driver's dense number, see <see cref="DriverSlots"/>.</param>
/// <param name="DistanceMeters">Great-circle distance from the centre of the search.</param>
/// <param name="FixedAtUnixMs">When the position was taken, by the server's clock, milliseconds since 1970.</param>
/// <param name="Position">Where the driver was then.</param>
public readonly record struct NearbyDriver(int Slot, double DistanceMeters, long FixedAtUnixMs, GeoPoint Position);
