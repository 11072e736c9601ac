using System.Collections.Immutable;
using System.Globalization;
using System.Security.Cryptography;
using Google.Protobuf.WellKnownTypes;
using Google.Type;
using RideTracking.Engine.Dispatch;
using RideTracking.Server.Directories;
using RideTracking.Server.Protocol;

namespace RideTracking.Server.Trips;

/// <summary>What is asked for beside the way, as the contract has it.</summary>
internal static class TripTermsWire
{
    private const int MaxIdLength = 64;
    private const int MaxMetadata = 16;
    private const int MaxKeyLength = 64;
    private const int MaxValueLength = 256;
    private const int CodeDigits = 10_000;

    private static readonly TimeSpan MaxAhead = TimeSpan.FromDays(30);

    // A request takes a while, and clocks differ; what is longer ago is a mistake, and nobody waits there any more.
    private static readonly TimeSpan MaxPast = TimeSpan.FromMinutes(5);

    /// <summary>What can be wrong with it by itself.</summary>
    public static void Check(RequestCheck check, V1.TripTerms? terms, int waypoints, DateTimeOffset now)
    {
        if (terms is null)
        {
            return;
        }

        check.OptionalId("terms.service_type", terms.ServiceType);
        DirectoryCheck.Attributes(check, "terms.required_attributes", terms.RequiredAttributes);
        var scheduledFor = terms.ScheduledFor?.ToDateTimeOffset() ?? now;
        check.Require(
            scheduledFor >= now - MaxPast && scheduledFor <= now + MaxAhead,
            "terms.scheduled_for", $"must be at most {MaxPast.TotalMinutes} minutes ago and at most {MaxAhead.TotalDays} days ahead of the server's time, {now:u}");
        check.Require(!terms.CanShare || waypoints <= 2, "terms.can_share", "a shared ride has one PICKUP and one DROPOFF and no STOPs");
        check.Text("terms.external_id", terms.ExternalId, 0, MaxIdLength);
        check.Text("terms.quote_id", terms.QuoteId, 0, MaxIdLength);
        check.Require(terms.Metadata.Count <= MaxMetadata, "terms.metadata", $"must be at most {MaxMetadata}, not {terms.Metadata.Count}");
        foreach (var (key, value) in terms.Metadata.Take(MaxMetadata))
        {
            check.Text("terms.metadata", key, 1, MaxKeyLength);
            check.Text("terms.metadata", value, 0, MaxValueLength);
        }
    }

    /// <summary>What was asked for, with a code made for it where one is wanted.</summary>
    public static TripTerms Of(V1.TripTerms? terms) => terms is null ? TripTerms.Plain : new TripTerms
    {
        ServiceType = terms.ServiceType.Length == 0 ? null : terms.ServiceType,
        RequiredAttributes = [.. terms.RequiredAttributes],
        ScheduledFor = terms.ScheduledFor?.ToDateTimeOffset(),
        CanShare = terms.CanShare,
        PickupCode = terms.PickupCodeRequired ? RandomNumberGenerator.GetInt32(CodeDigits).ToString("D4", CultureInfo.InvariantCulture) : null,
        ExternalId = terms.ExternalId,
        QuoteId = terms.QuoteId,
        Fare = terms.FareEstimate is { } fare ? new FareEstimate(fare.CurrencyCode, fare.Units, fare.Nanos) : null,
        Metadata = terms.Metadata.ToImmutableDictionary(),
    };

    public static V1.TripTerms Of(TripTerms terms)
    {
        var wire = new V1.TripTerms
        {
            ServiceType = terms.ServiceType ?? "",
            ScheduledFor = terms.ScheduledFor?.ToTimestamp(),
            CanShare = terms.CanShare,
            PickupCodeRequired = terms.PickupCode is not null,
            ExternalId = terms.ExternalId,
            QuoteId = terms.QuoteId,
            FareEstimate = terms.Fare is { } fare ? new Money { CurrencyCode = fare.CurrencyCode, Units = fare.Units, Nanos = fare.Nanos } : null,
        };
        wire.RequiredAttributes.AddRange(terms.RequiredAttributes);
        wire.Metadata.Add(terms.Metadata);
        return wire;
    }
}
