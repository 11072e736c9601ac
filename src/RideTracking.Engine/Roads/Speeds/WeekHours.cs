namespace RideTracking.Engine.Roads.Speeds;

/// <summary>
/// The hours of a week that are told apart: 24 of working days, of Saturdays and of Sundays. Working days are alike enough
/// to be one, which gives each hour five times as much to learn from.
/// </summary>
public static class WeekHours
{
    /// <summary>How many there are.</summary>
    public const int Count = 3 * 24;

    /// <summary>The hour of a time, 0 to <see cref="Count"/> - 1.</summary>
    /// <param name="local">By the clocks of the city.</param>
    public static int Of(DateTimeOffset local) => local.Hour + 24 * local.DayOfWeek switch
    {
        DayOfWeek.Saturday => 1,
        DayOfWeek.Sunday => 2,
        _ => 0,
    };

    /// <summary>
    /// How much of what is seen in one hour is believed of another: all of the same, half of the next, a quarter of the one
    /// after; nothing of another kind of day.
    /// </summary>
    internal static double Likeness(int hour, int other)
    {
        int apart = Math.Abs(hour % 24 - other % 24);
        return hour / 24 != other / 24 ? 0 : Math.Min(apart, 24 - apart) switch { 0 => 1, 1 => 0.5, 2 => 0.25, _ => 0 };
    }
}
