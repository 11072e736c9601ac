using System.Buffers;
using System.Globalization;

namespace RideTracking.Engine.Roads.Osm;

/// <summary>Numbers with units as tags have them: "2", "2.1 m", "6'6\"", "6 ft 6 in", "1 h 30 min".</summary>
internal static class Measure
{
    private static readonly SearchValues<char> _numbers = SearchValues.Create("0123456789.,");
    private static readonly SearchValues<char> _unitEnds = SearchValues.Create("0123456789 ");

    /// <summary>The sum of a text's numbers, each times its unit; null when it cannot be read as such.</summary>
    /// <param name="text">In any letter case.</param>
    /// <param name="unitOf">What a unit in lower case is worth, 0 for an unknown one; the empty unit is that of a number alone.</param>
    public static double? Parse(string text, Func<string, double> unitOf)
    {
        ReadOnlySpan<char> rest = text.AsSpan().Trim();
        double sum = 0;
        for (bool isFirst = true; isFirst || rest.Length > 0; isFirst = false)
        {
            int digits = rest.IndexOfAnyExcept(_numbers);
            ReadOnlySpan<char> number = digits < 0 ? rest : rest[..digits];
            rest = rest[number.Length..].TrimStart();
            int letters = rest.IndexOfAny(_unitEnds);
            ReadOnlySpan<char> unit = letters < 0 ? rest : rest[..letters];
            rest = rest[unit.Length..].TrimStart();
            double worth = unit.Length == 0 && !(isFirst && rest.Length == 0) ? 0 : unitOf(unit.ToString().ToLowerInvariant());
            if (worth <= 0 || !double.TryParse(
                number.ToString().Replace(',', '.'), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double value))
            {
                return null;
            }

            sum += value * worth;
        }

        return sum;
    }
}
