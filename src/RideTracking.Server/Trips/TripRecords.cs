using System.Buffers.Text;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using RideTracking.Engine.Dispatch;
using StackExchange.Redis;

namespace RideTracking.Server.Trips;

/// <summary>
/// Trips and plans as the store holds them: the version, a space, the token if there is one and a space, the record as JSON. The
/// scripts read what comes before the JSON only, and compare it: it names the state.
/// </summary>
internal static class TripRecords
{
    public static RedisValue Write(Trip trip) => Write(NameOf(trip), trip, TripJson.Default.Trip);

    public static RedisValue Write(DriverPlan plan) => Write(NameOf(plan), plan, TripJson.Default.DriverPlan);

    /// <summary>What the scripts know the trip's state by; <c>0</c> for no trip.</summary>
    public static string NameOf(Trip? trip) => NameOf(trip?.Version ?? 0, trip?.Token ?? 0);

    /// <summary>What the scripts know the plan's state by; <c>0</c> for a plan that the store does not have.</summary>
    public static string NameOf(DriverPlan plan) => NameOf(plan.Version, plan.Token);

    /// <summary>The trip, or null when the store has none.</summary>
    /// <exception cref="JsonException">It cannot be read, or lacks what every trip has.</exception>
    public static Trip? ReadTrip(RedisValue stored) => Read(stored, TripJson.Default.Trip, out var token) is not { } trip ? null
        : string.IsNullOrEmpty(trip.Id) || trip.Waypoints.IsDefaultOrEmpty || trip.Events.IsEmpty
            ? throw new JsonException("A trip has an id, waypoints and events.")
        : trip with { Token = token };

    /// <summary>The plan, or null when the store has none.</summary>
    /// <exception cref="JsonException">It cannot be read, or lacks what every plan has.</exception>
    public static DriverPlan? ReadPlan(RedisValue stored) => Read(stored, TripJson.Default.DriverPlan, out var token) is not { } plan ? null
        : string.IsNullOrEmpty(plan.DriverId) ? throw new JsonException("A plan has a driver.")
        : plan with { Token = token };

    private static string NameOf(ulong version, ulong token) => string.Create(CultureInfo.InvariantCulture, $"{version}") + (version == 0 ? "" : token == 0 ? " " : string.Create(CultureInfo.InvariantCulture, $" {token:x}"));

    private static RedisValue Write<T>(string name, T record, JsonTypeInfo<T> json)
    {
        // Not into a stream: there the serializer goes another way the first few times, which writes read-only properties too.
        return (byte[])[.. Encoding.ASCII.GetBytes(name), .. name[^1] == ' ' ? ""u8 : " "u8, .. JsonSerializer.SerializeToUtf8Bytes(record, json)];
    }

    private static T? Read<T>(RedisValue stored, JsonTypeInfo<T> json, out ulong token)
    {
        token = 0;
        if (stored.IsNullOrEmpty)
        {
            return default;
        }

        ReadOnlySpan<byte> bytes = (byte[])stored!;
        bytes = bytes[(bytes.IndexOf((byte)' ') + 1)..];
        if (Utf8Parser.TryParse(bytes, out token, out var length, 'x'))
        {
            bytes = bytes[Math.Min(length + 1, bytes.Length)..];
        }

        return JsonSerializer.Deserialize(bytes, json);
    }
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    IgnoreReadOnlyProperties = true,
    // A commit would write it without what it does not know.
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault)]
[JsonSerializable(typeof(Trip))]
[JsonSerializable(typeof(DriverPlan))]
internal sealed partial class TripJson : JsonSerializerContext;
