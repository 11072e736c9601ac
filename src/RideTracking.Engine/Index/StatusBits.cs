namespace RideTracking.Engine.Index;

/// <summary>A status in one byte, so that a search tests all of it at once.</summary>
internal static class StatusBits
{
    private const int WorkShift = 3;
    private const int LinkShift = 6;

    public static byte Of(DriverStatus status) =>
        (byte)((int)status.Availability | (int)status.Work << WorkShift | (int)status.Link << LinkShift);

    /// <summary>A status passes the filter when <c>(bits &amp; mask) == wanted</c>.</summary>
    public static (byte Mask, byte Wanted) Of(in DriverFilter filter)
    {
        int mask = (filter.Availability is null ? 0 : 0b111)
            | (filter.Work is null ? 0 : 0b111 << WorkShift)
            | (filter.Link is null ? 0 : 0b11 << LinkShift);
        byte wanted = Of(new DriverStatus(
            filter.Availability ?? default, filter.Work ?? default, filter.Link ?? default));
        return ((byte)mask, wanted);
    }
}
