using System.Globalization;
using System.Xml;

namespace RideTracking.Engine.Roads.Osm;

/// <summary>How long a ferry is under way, as https://wiki.openstreetmap.org/wiki/Key:duration has it.</summary>
internal static class FerryDuration
{
    private static readonly TimeSpan _longest = TimeSpan.FromDays(2);

    /// <summary>hh:mm, hh:mm:ss, minutes alone, "1 h 30 min", or ISO 8601 (PT20M); zero for what cannot be read.</summary>
    public static TimeSpan Parse(string? text)
    {
        TimeSpan? time = string.IsNullOrWhiteSpace(text) ? null
            : text[0] is 'P' or 'p' ? OfIso(text.ToUpperInvariant())
            : text.Contains(':', StringComparison.Ordinal) ? OfClock(text.Split(':'))
            : Measure.Parse(text, MinutesOf) is { } minutes && minutes <= _longest.TotalMinutes ? TimeSpan.FromMinutes(minutes)
            : null;
        return time is { } plausible && plausible > TimeSpan.Zero && plausible <= _longest ? plausible : TimeSpan.Zero;
    }

    private static TimeSpan? OfIso(string text)
    {
        try
        {
            return XmlConvert.ToTimeSpan(text);
        }
        catch (Exception e) when (e is FormatException or OverflowException)
        {
            return null;
        }
    }

    private static TimeSpan? OfClock(string[] parts)
    {
        double minutes = 0;
        for (int i = 0; i < parts.Length; i++)
        {
            if (parts.Length > 3 || !double.TryParse(parts[i], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double part))
            {
                return null;
            }

            minutes += part * i switch { 0 => 60, 1 => 1, _ => 1 / 60.0 };
        }

        return minutes <= _longest.TotalMinutes ? TimeSpan.FromMinutes(minutes) : null;
    }

    private static double MinutesOf(string unit) => unit switch
    {
        "" or "m" or "min" or "mins" or "minute" or "minutes" => 1,
        "h" or "hr" or "hrs" or "hour" or "hours" => 60,
        _ => 0,
    };
}
