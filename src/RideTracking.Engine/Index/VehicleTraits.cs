namespace RideTracking.Engine.Index;

/// <summary>What a search may ask of a driver's vehicle.</summary>
/// <param name="VehicleType">The company's type as a small number, see <see cref="VehicleTypes"/>; 0 when not known.</param>
/// <param name="Seats">For passengers; 0 when not known.</param>
/// <param name="Attributes">One bit for each thing it has (a child seat, a ramp), as the company numbers them.</param>
public readonly record struct VehicleTraits(ushort VehicleType, byte Seats, ulong Attributes);
