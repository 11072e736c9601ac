using System.Buffers.Text;
using System.Globalization;
using System.Security.Cryptography;

namespace RideTracking.Server.Store.Events;

/// <summary>
/// Where an event stands: its number, and the token of the commit that gave it. A number alone says nothing, since a store
/// that has forgotten its last writes gives their numbers again; the token is another one then.
/// </summary>
/// <param name="Number">1, 2, 3 … without a gap; 0 before the first.</param>
/// <param name="Token">Random; 0 before the first, and where it is not known: of an event that says none.</param>
public readonly record struct EventPosition(ulong Number, ulong Token)
{
    // The longest there is, and a little more.
    private const int MostLength = 40;

    /// <summary>Whether this may be the same as another of its number: what has no token is taken for any.</summary>
    public bool Fits(EventPosition other) => Number == other.Number && (Token == other.Token || Token == 0 || other.Token == 0);

    /// <summary>A token for a commit, never 0. A script must not draw one: the embedded store runs its file again.</summary>
    public static string NewToken() => DrawToken().ToString("x", CultureInfo.InvariantCulture);

    /// <inheritdoc cref="NewToken"/>
    public static ulong DrawToken() => BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(sizeof(ulong))) | 1;

    /// <summary>A token as scripts say it.</summary>
    /// <exception cref="FormatException">It is none.</exception>
    internal static ulong ParseToken(string token) => ulong.Parse(token, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);

    /// <summary>As clients keep it.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Number}-{Token:x}");

    /// <summary>What <see cref="ToString"/> has made; null for anything else.</summary>
    public static EventPosition? Parse(string cursor)
    {
        var dash = cursor.Length <= MostLength ? cursor.IndexOf('-', StringComparison.Ordinal) : -1;
        return dash > 0
            && ulong.TryParse(cursor.AsSpan(0, dash), NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            && ulong.TryParse(cursor.AsSpan(dash + 1), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var token)
            && new EventPosition(number, token) is var position && position.ToString() == cursor
                ? position
                : null;
    }

    /// <summary>What the key of the last event holds: number, space, token. The token may be missing.</summary>
    internal static EventPosition OfLast(ReadOnlySpan<byte> stored)
    {
        if (stored.IsEmpty)
        {
            return default;
        }

        if (!Utf8Parser.TryParse(stored, out ulong number, out var end))
        {
            throw new FormatException("The store does not say where the last event stands.");
        }

        return new EventPosition(number, end < stored.Length && Utf8Parser.TryParse(stored[(end + 1)..], out ulong token, out _, 'x') ? token : 0);
    }
}
