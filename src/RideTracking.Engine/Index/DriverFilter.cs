namespace RideTracking.Engine.Index;

/// <summary>Which drivers a search is for. The default asks for any driver with a position.</summary>
public readonly ref struct DriverFilter
{
    /// <summary>Only drivers with this availability; null for any.</summary>
    public DriverAvailability? Availability { get; init; }

    /// <summary>Only drivers at this work; null for any.</summary>
    public DriverWork? Work { get; init; }

    /// <summary>Only drivers with this link; null for any.</summary>
    public DriverLink? Link { get; init; }

    /// <summary>Only vehicles of this type, see <see cref="VehicleTypes"/>; null for any.</summary>
    public ushort? VehicleType { get; init; }

    /// <summary>Only vehicles with at least so many seats; 0 for any.</summary>
    public byte MinSeats { get; init; }

    /// <summary>Only vehicles that have all of these bits; 0 for any.</summary>
    public ulong RequiredAttributes { get; init; }

    /// <summary>Only fixes taken at or after this, by the server's clock, milliseconds since 1970; 0 for any.</summary>
    public long MinFixedAtUnixMs { get; init; }

    /// <summary>Only fixes taken before this, and after <see cref="MinFixedAtUnixMs"/>, by the same clock; 0 for any.</summary>
    public long FixedBeforeUnixMs { get; init; }

    /// <summary>Drivers that are left out, in any order; a few, since each candidate is compared with all.</summary>
    public ReadOnlySpan<int> ExcludedSlots { get; init; }

    /// <summary>Drivers that can be offered a trip now: connected, available and idle.</summary>
    public static DriverFilter ReadyForTrip => new()
    {
        Availability = DriverAvailability.Available,
        Work = DriverWork.Idle,
        Link = DriverLink.Connected,
    };

    /// <summary>Whether a vehicle is among those asked for.</summary>
    public bool Matches(in VehicleTraits vehicle) =>
        (VehicleType is not { } type || vehicle.VehicleType == type)
        && vehicle.Seats >= MinSeats
        && (vehicle.Attributes & RequiredAttributes) == RequiredAttributes;

    /// <summary>Whether a driver is among those asked for, its vehicle apart.</summary>
    public bool Matches(in DriverEntry driver) =>
        driver.HasFix
        && (Availability is not { } availability || driver.Status.Availability == availability)
        && (Work is not { } work || driver.Status.Work == work)
        && (Link is not { } link || driver.Status.Link == link)
        && driver.Fix.FixedAtUnixMs >= MinFixedAtUnixMs
        && (FixedBeforeUnixMs == 0 || driver.Fix.FixedAtUnixMs < FixedBeforeUnixMs)
        && !ExcludedSlots.Contains(driver.Slot);
}
