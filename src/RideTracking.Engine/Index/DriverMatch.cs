namespace RideTracking.Engine.Index;

/// <summary>A filter made ready for a search: the status as a mask, the rest tested only when asked for.</summary>
internal readonly ref struct DriverMatch
{
    /// <summary>What <see cref="StatusBits"/> are masked with, and must then be.</summary>
    public readonly uint Mask, Wanted;

    private readonly DriverFilter _filter;
    private readonly TraitsTable _traits;
    private readonly uint _minSeconds;
    private readonly bool _asksForVehicle;

    public DriverMatch(in DriverFilter filter, TraitsTable traits)
    {
        _filter = filter;
        _traits = traits;
        _minSeconds = SecondsOf(filter.MinFixedAtUnixMs);
        _asksForVehicle = filter.VehicleType is not null || filter.MinSeats > 0 || filter.RequiredAttributes != 0;
        (Mask, Wanted) = StatusBits.Of(filter);
    }

    /// <summary>Whole seconds since 1970 as a cell keeps them, in the order of the times: 0 before, the last in 2106.</summary>
    public static uint SecondsOf(long unixMs) => (uint)Math.Clamp(unixMs / 1000, 0, uint.MaxValue);

    public bool Matches(in Sighting driver) =>
        (driver.Bits & Mask) == Wanted && driver.FixedAtUnixMs >= _filter.MinFixedAtUnixMs && MatchesRest(driver.Slot, driver.Bits);

    /// <summary>As far as an occupant's copies tell; where they are too coarse, the driver's record decides.</summary>
    public bool Matches(int slot, uint bits, uint seconds, SlotTable<DriverRecord> records) =>
        (bits & Mask) == Wanted
        && seconds >= _minSeconds
        && MatchesRest(slot, bits)
        && (seconds > _minSeconds || records[slot].Sight(slot).FixedAtUnixMs >= _filter.MinFixedAtUnixMs);

    private bool MatchesRest(int slot, uint bits) =>
        (!_asksForVehicle || _filter.Matches(_traits[StatusBits.TraitsOf(bits)]))
        && (_filter.ExcludedSlots.IsEmpty || !_filter.ExcludedSlots.Contains(slot));
}
