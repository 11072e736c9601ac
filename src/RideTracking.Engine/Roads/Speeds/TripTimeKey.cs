using System.Globalization;

namespace RideTracking.Engine.Roads.Speeds;

/// <summary>Names a count of <see cref="TripTimes"/>.</summary>
/// <param name="Bucket">How long the trips were to take: below 5, 10, 20, 40 minutes, and more.</param>
/// <param name="Hour">One of <see cref="WeekHours"/>.</param>
/// <param name="Slot">Of the logarithm of actual over foretold time, each 0.05 wide; 0 is -2.</param>
public readonly record struct TripTimeKey(int Bucket, int Hour, int Slot)
{
    /// <summary>The three numbers with slashes between.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Bucket}/{Hour}/{Slot}");

    public static bool TryParse(ReadOnlySpan<char> text, out TripTimeKey key)
    {
        Span<Range> parts = stackalloc Range[4];
        key = default;
        if (text.Split(parts, '/') != 3
            || !int.TryParse(text[parts[0]], CultureInfo.InvariantCulture, out int bucket) || bucket is < 0 or > 4
            || !int.TryParse(text[parts[1]], CultureInfo.InvariantCulture, out int hour) || hour is < 0 or >= WeekHours.Count
            || !int.TryParse(text[parts[2]], CultureInfo.InvariantCulture, out int slot) || slot is < 0 or >= TripTimes.Slots)
        {
            return false;
        }

        key = new TripTimeKey(bucket, hour, slot);
        return true;
    }
}
