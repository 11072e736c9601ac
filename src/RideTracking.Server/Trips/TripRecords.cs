using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using RideTracking.Engine.Dispatch;
using StackExchange.Redis;

namespace RideTracking.Server.Trips;

/// <summary>
/// Trips and plans as the store holds them: the version, a space, the record as JSON. The scripts read the version only.
/// </summary>
internal static class TripRecords
{
    public static RedisValue Write(Trip trip) => Write(trip.Version, trip, TripJson.Default.Trip);

    public static RedisValue Write(DriverPlan plan) => Write(plan.Version, plan, TripJson.Default.DriverPlan);

    /// <summary>The trip, or null when the store has none.</summary>
    /// <exception cref="JsonException">It cannot be read, or lacks what every trip has.</exception>
    public static Trip? ReadTrip(RedisValue stored) => Read(stored, TripJson.Default.Trip) is not { } trip ? null
        : string.IsNullOrEmpty(trip.Id) || trip.Waypoints.IsDefaultOrEmpty || trip.Events.IsEmpty
            ? throw new JsonException("A trip has an id, waypoints and events.")
        : trip;

    /// <summary>The plan, or null when the store has none.</summary>
    /// <exception cref="JsonException">It cannot be read, or lacks what every plan has.</exception>
    public static DriverPlan? ReadPlan(RedisValue stored) => Read(stored, TripJson.Default.DriverPlan) is not { } plan ? null
        : string.IsNullOrEmpty(plan.DriverId) ? throw new JsonException("A plan has a driver.")
        : plan;

    private static RedisValue Write<T>(ulong version, T record, JsonTypeInfo<T> json)
    {
        // Not into a stream: there the serializer goes another way the first few times, which writes read-only properties too.
        return (byte[])[.. Encoding.ASCII.GetBytes(version.ToString(CultureInfo.InvariantCulture)), (byte)' ', .. JsonSerializer.SerializeToUtf8Bytes(record, json)];
    }

    private static T? Read<T>(RedisValue stored, JsonTypeInfo<T> json)
    {
        if (stored.IsNullOrEmpty)
        {
            return default;
        }

        ReadOnlySpan<byte> bytes = (byte[])stored!;
        return JsonSerializer.Deserialize(bytes[(bytes.IndexOf((byte)' ') + 1)..], json);
    }
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    IgnoreReadOnlyProperties = true,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault)]
[JsonSerializable(typeof(Trip))]
[JsonSerializable(typeof(DriverPlan))]
internal sealed partial class TripJson : JsonSerializerContext;
