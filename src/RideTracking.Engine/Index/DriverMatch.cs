namespace RideTracking.Engine.Index;

/// <summary>A filter made ready for a search: the status as a mask, the rest tested only when asked for.</summary>
internal readonly ref struct DriverMatch
{
    /// <summary>What <see cref="StatusBits"/> are masked with, and must then be.</summary>
    public readonly uint Mask, Wanted;

    private readonly DriverFilter _filter;
    private readonly TraitsTable _traits;
    private readonly bool _asksForVehicle;
    private readonly uint _presence;
    private readonly long _oldestUnixMs;
    private readonly ulong _spanMs;

    /// <param name="filter">Which drivers count.</param>
    /// <param name="traits">What the vehicles are.</param>
    /// <param name="presence">The flag that a driver's record must have: a position, or one that went stale.</param>
    public DriverMatch(in DriverFilter filter, TraitsTable traits, uint presence = StatusBits.HasFix)
    {
        _filter = filter;
        _traits = traits;
        _presence = presence;
        // So that both ends are one comparison.
        _oldestUnixMs = filter.MinFixedAtUnixMs;
        _spanMs = (ulong)((filter.FixedBeforeUnixMs == 0 ? long.MaxValue : Math.Max(filter.FixedBeforeUnixMs - 1, _oldestUnixMs)) - _oldestUnixMs);
        _asksForVehicle = filter.VehicleType is not null || filter.MinSeats > 0 || filter.RequiredAttributes != 0;
        (Mask, Wanted) = StatusBits.Of(filter);
    }

    /// <summary>By a driver's record, in which everything belongs together.</summary>
    public bool Matches(in Sighting driver) =>
        (driver.Bits & _presence) != 0 && Matches(driver.Slot, driver.Bits, driver.FixedAtUnixMs);

    /// <summary>For a driver that has a position, or had one, as this is about.</summary>
    public bool Matches(int slot, uint bits, long fixedAtUnixMs) =>
        (bits & Mask) == Wanted && (ulong)(fixedAtUnixMs - _oldestUnixMs) <= _spanMs && MatchesRest(slot, bits);

    private bool MatchesRest(int slot, uint bits) =>
        (!_asksForVehicle || _filter.Matches(_traits[StatusBits.TraitsOf(bits)]))
        && (_filter.ExcludedSlots.IsEmpty || !_filter.ExcludedSlots.Contains(slot));
}
