namespace RideTracking.Engine.Index;

/// <summary>A filter made ready for a search: the status as a mask, the rest tested only when asked for.</summary>
internal readonly ref struct DriverMatch
{
    /// <summary>What <see cref="StatusBits"/> are masked with, and must then be.</summary>
    public readonly uint Mask, Wanted;

    private readonly DriverFilter _filter;
    private readonly TraitsTable _traits;
    private readonly bool _asksForVehicle;

    public DriverMatch(in DriverFilter filter, TraitsTable traits)
    {
        _filter = filter;
        _traits = traits;
        _asksForVehicle = filter.VehicleType is not null || filter.MinSeats > 0 || filter.RequiredAttributes != 0;
        (Mask, Wanted) = StatusBits.Of(filter);
    }

    /// <summary>By a driver's record, in which everything belongs together.</summary>
    public bool Matches(in Sighting driver) =>
        (driver.Bits & StatusBits.HasFix) != 0 && Matches(driver.Slot, driver.Bits, driver.FixedAtUnixMs);

    /// <summary>For a driver that has a position.</summary>
    public bool Matches(int slot, uint bits, long fixedAtUnixMs) =>
        (bits & Mask) == Wanted && fixedAtUnixMs >= _filter.MinFixedAtUnixMs && MatchesRest(slot, bits);

    private bool MatchesRest(int slot, uint bits) =>
        (!_asksForVehicle || _filter.Matches(_traits[StatusBits.TraitsOf(bits)]))
        && (_filter.ExcludedSlots.IsEmpty || !_filter.ExcludedSlots.Contains(slot));
}
