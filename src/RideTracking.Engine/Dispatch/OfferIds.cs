using System.Globalization;

namespace RideTracking.Engine.Dispatch;

/// <summary>An offer's id holds its trip's, so that an answer finds the trip.</summary>
public static class OfferIds
{
    private const string Separator = ".o";

    /// <summary>The id of the offer with this number (from 1) of a trip.</summary>
    public static string For(string tripId, int number) =>
        string.Create(CultureInfo.InvariantCulture, $"{tripId}{Separator}{number}");

    /// <summary>The trip that an offer's id names, or null when it is no offer's id.</summary>
    public static string? TripOf(string offerId)
    {
        var at = offerId.LastIndexOf(Separator, StringComparison.Ordinal);
        return at > 0 && int.TryParse(offerId.AsSpan(at + Separator.Length), NumberStyles.None, CultureInfo.InvariantCulture, out _)
            ? offerId[..at]
            : null;
    }
}
