using System.Collections.Immutable;

namespace RideTracking.Engine.Dispatch;

/// <summary>What was asked for and never changes. Equality is by reference to its collections: compare trips by their versions.</summary>
public sealed record TripTerms
{
    /// <summary>What is asked for when nothing special is.</summary>
    public static TripTerms Plain { get; } = new();

    /// <summary>The vehicle type that is wanted; null for any.</summary>
    public string? ServiceType { get; init; }

    /// <summary>What driver or vehicle must have, as the directory names it.</summary>
    public ImmutableArray<string> RequiredAttributes { get; init => field = value.IsDefault ? [] : value; } = [];

    /// <summary>When the rider wants to be picked up; null for now.</summary>
    public DateTimeOffset? ScheduledFor { get; init; }

    /// <summary>The rider shares the car with others.</summary>
    public bool CanShare { get; init; }

    /// <summary>What the rider tells the driver before the ride begins; null when that is not wanted.</summary>
    public string? PickupCode { get; init; }

    /// <summary>The company's own id; may be empty.</summary>
    public string ExternalId { get; init => field = value ?? ""; } = "";

    /// <summary>The company's quote that the rider agreed to; may be empty.</summary>
    public string QuoteId { get; init => field = value ?? ""; } = "";

    /// <summary>What it is expected to cost; null when the company did not say.</summary>
    public FareEstimate? Fare { get; init; }

    /// <summary>What the company wants to find again; the dispatch does not look at it.</summary>
    public ImmutableDictionary<string, string> Metadata
    {
        get;
        init => field = value ?? ImmutableDictionary<string, string>.Empty;
    } = ImmutableDictionary<string, string>.Empty;
}

/// <summary>An amount of money, as the company says it: see <c>google.type.Money</c>.</summary>
/// <param name="CurrencyCode">Three letters, ISO 4217.</param>
/// <param name="Units">Whole units.</param>
/// <param name="Nanos">Billionths of a unit, of the same sign.</param>
public sealed record FareEstimate(string CurrencyCode, long Units, int Nanos);
