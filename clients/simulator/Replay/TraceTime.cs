using System.Globalization;

namespace RideTracking.Simulator.Replay;

/// <summary>
/// Times as recordings write them. What may mean two things is refused: a time that is read wrong is worse than one that is not read.
/// </summary>
internal static class TraceTime
{
    // Of what follows, a number is told by its size alone, in the years 1973 to 2100. Smaller ones may be seconds since a start, or a spreadsheet's days.
    private const double FirstSeconds = 1e8, FirstMilliseconds = 1e11, FirstMicroseconds = 1e14, FirstNanoseconds = 1e17;

    private static readonly string[] _compact = ["yyyyMMddHHmmss", "yyyyMMddHHmm", "yyyyMMddHHmmssfff"];
    private static readonly DateTimeOffset _end = new(2100, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>Reads Unix seconds, milli-, micro- or nanoseconds, ISO 8601 and its compact form without signs.</summary>
    /// <param name="text">As it stands in the file.</param>
    /// <param name="time">In UTC where the text does not say otherwise.</param>
    /// <param name="reason">Why it cannot be read.</param>
    public static bool TryParse(string text, out DateTimeOffset time, out string reason)
    {
        (time, reason) = (default, "");
        text = text.Trim();
        if (DateTimeOffset.TryParseExact(text, _compact, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out time) && time.Year is >= 1970 and < 2100)
            return true;
        if (!double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number))
        {
            reason = $"'{text}' is neither Unix seconds or milliseconds nor ISO 8601";
            return text.Length >= 10 && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out time);
        }
        var milliseconds = number switch
        {
            < FirstSeconds => double.NaN,
            < FirstMilliseconds => number * 1_000,
            < FirstMicroseconds => number,
            < FirstNanoseconds => number / 1_000,
            _ => number / 1_000_000,
        };
        if (milliseconds < _end.ToUnixTimeMilliseconds())
        {
            time = DateTimeOffset.FromUnixTimeMilliseconds((long)Math.Round(milliseconds));
            return true;
        }
        reason = number is >= 1 and < FirstSeconds
            ? $"'{text}' may be a spreadsheet's date or seconds since a start: write Unix seconds or ISO 8601"
            : $"'{text}' is neither Unix seconds or milliseconds nor ISO 8601";
        return false;
    }
}
