namespace RideTracking.Engine.Index;

/// <summary>
/// What filters ask of a driver, in one word, so that a search tests it at once: the status in the lowest byte, the
/// number of the vehicle's traits in the next two, then flags.
/// </summary>
internal static class StatusBits
{
    /// <summary>The driver has a position.</summary>
    public const uint HasFix = 1 << 24;

    /// <summary>The newest fix is one that an app made up.</summary>
    public const uint IsMock = 1 << 25;

    /// <summary>The position went stale: there is none, but where the driver was last is known.</summary>
    public const uint IsStale = 1 << 26;

    private const int WorkShift = 3;
    private const int LinkShift = 6;
    private const int TraitsShift = 8;

    public static uint Of(DriverStatus status) =>
        (uint)status.Availability | (uint)status.Work << WorkShift | (uint)status.Link << LinkShift;

    public static DriverStatus StatusOf(uint bits) => new(
        (DriverAvailability)(bits & 0b111), (DriverWork)(bits >> WorkShift & 0b111), (DriverLink)(bits >> LinkShift & 0b11));

    public static uint WithStatus(uint bits, DriverStatus status) => bits & ~0xFFu | Of(status);

    public static ushort TraitsOf(uint bits) => (ushort)(bits >> TraitsShift);

    public static uint WithTraits(uint bits, ushort traits) => bits & 0xFF0000FF | (uint)traits << TraitsShift;

    /// <summary>Without the flags, which are a record's alone: a cell has the time's high byte in their place.</summary>
    public static uint WithoutFlags(uint bits) => bits & 0x00FFFFFF;

    /// <summary>A status passes the filter when <c>(bits &amp; mask) == wanted</c>.</summary>
    public static (uint Mask, uint Wanted) Of(in DriverFilter filter)
    {
        uint mask = (filter.Availability is null ? 0 : 0b111u)
            | (filter.Work is null ? 0 : 0b111u << WorkShift)
            | (filter.Link is null ? 0 : 0b11u << LinkShift);
        uint wanted = Of(new DriverStatus(
            filter.Availability ?? default, filter.Work ?? default, filter.Link ?? default));
        return (mask, wanted);
    }
}
