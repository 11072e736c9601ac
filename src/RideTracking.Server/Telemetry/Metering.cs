using System.Globalization;
using System.Diagnostics.Metrics;

namespace RideTracking.Server.Telemetry;

/// <summary>What all metrics of this server share. Tags are bounded: enums and constants, never an id.</summary>
public static class Metering
{
    /// <summary>The one meter.</summary>
    public const string MeterName = "RideTracking";

    /// <summary>From a loopback's milliseconds to a phone that was in a tunnel, in seconds.</summary>
    internal static readonly InstrumentAdvice<double> Delays = new()
    {
        HistogramBucketBoundaries = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300],
    };

    /// <summary>Tags made once, so that counting allocates nothing: one set for each value of the enum.</summary>
    internal static KeyValuePair<string, object?>[] TagPerValue<TEnum>(string name)
        where TEnum : struct, Enum
    {
        // By the value's number: numbers that are no longer used are left out in between.
        var values = Enum.GetValues<TEnum>().ToDictionary(v => Convert.ToInt32(v, CultureInfo.InvariantCulture));
        return [.. Enumerable.Range(0, values.Keys.Max() + 1).Select(n => KeyValuePair.Create(name, (object?)SnakeCase(values.GetValueOrDefault(n).ToString())))];
    }

    /// <summary><c>TakenOver</c> to <c>taken_over</c>.</summary>
    internal static string SnakeCase(string name) =>
        string.Concat(name.Select((c, i) => char.IsUpper(c) ? (i == 0 ? "" : "_") + char.ToLowerInvariant(c) : c.ToString()));
}
