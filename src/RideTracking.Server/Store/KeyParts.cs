namespace RideTracking.Server.Store;

/// <summary>
/// Makes one text of several, for a key or a hash: no two lists of as many parts make the same text, whatever stands in
/// them. A single part is its own text, and so is every part that holds neither a percent sign nor the separator.
/// </summary>
internal static class KeyParts
{
    /// <summary>Joins the parts.</summary>
    /// <param name="separator">Stands between them; no percent sign and no digit or letter.</param>
    /// <param name="parts">Any texts, empty ones too; the last one stays as it is, since nothing follows that it could be taken for.</param>
    public static string Join(char separator, params ReadOnlySpan<string> parts)
    {
        var joined = parts[^1];
        for (var i = parts.Length - 2; i >= 0; i--)
        {
            joined = Escape(parts[i], separator) + separator + joined;
        }

        return joined;
    }

    private static string Escape(string part, char separator) => part
        .Replace("%", "%25", StringComparison.Ordinal)
        .Replace(separator.ToString(), $"%{(int)separator:X2}", StringComparison.Ordinal);
}
