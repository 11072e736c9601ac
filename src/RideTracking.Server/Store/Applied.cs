using System.Globalization;

namespace RideTracking.Server.Store;

/// <summary>How far the embedded store has got.</summary>
/// <param name="Number">The number of the newest entry of its file; 0 before the first.</param>
/// <param name="Milliseconds">When it was made.</param>
internal readonly record struct Applied(long Number, long Milliseconds)
{
    /// <summary>When it was made.</summary>
    public DateTimeOffset At => DateTimeOffset.FromUnixTimeMilliseconds(Milliseconds);

    /// <summary>Reads what <see cref="ToString"/> wrote; anything else is before the first.</summary>
    public static Applied Parse(string? text) =>
        text?.Split(' ') is [var number, var at]
        && long.TryParse(number, CultureInfo.InvariantCulture, out var n) && long.TryParse(at, CultureInfo.InvariantCulture, out var ms)
            ? new Applied(n, ms)
            : default;

    /// <summary>As it is stored.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Number} {Milliseconds}");
}
