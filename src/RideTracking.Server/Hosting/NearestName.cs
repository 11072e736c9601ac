namespace RideTracking.Server.Hosting;

/// <summary>What a mistyped name was probably meant to be.</summary>
internal static class NearestName
{
    /// <summary>The name with the fewest letters to change, or null when none is near.</summary>
    /// <param name="typed">As somebody typed it; without its section it is compared without theirs.</param>
    /// <param name="names">Those there are.</param>
    public static string? Of(string typed, IEnumerable<string> names)
    {
        var (name, letters) = names.Select(name => (name, Letters(typed, name))).DefaultIfEmpty(("", int.MaxValue)).MinBy(near => near.Item2);
        // Beyond a third of its letters it is another word.
        return letters <= Math.Max(2, typed.Length / 3) ? name : null;
    }

    private static int Letters(string typed, string name)
    {
        var whole = Distance(typed, name);
        return typed.Contains(':', StringComparison.Ordinal) ? whole : Math.Min(whole, Distance(typed, name[(name.LastIndexOf(':') + 1)..]));
    }

    // Levenshtein's, one row at a time.
    private static int Distance(string from, string to)
    {
        var row = Enumerable.Range(0, to.Length + 1).ToArray();
        for (var i = 1; i <= from.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= to.Length; j++)
            {
                var change = diagonal + (char.ToUpperInvariant(from[i - 1]) == char.ToUpperInvariant(to[j - 1]) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.Min(change, Math.Min(row[j], row[j - 1]) + 1);
            }
        }

        return row[^1];
    }
}
