using System.Collections;
using System.Collections.Concurrent;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using Google.Protobuf.WellKnownTypes;
using Google.Type;

namespace RideTracking.Server.Protocol;

/// <summary>
/// The rules that well-known types have of themselves, wherever they stand in a message: a <see cref="Timestamp"/>, a
/// <see cref="Duration"/>, a <see cref="LatLng"/> and a <see cref="Money"/> that break them cannot be computed with. As their
/// definitions in google/protobuf and google/type say.
/// </summary>
internal static class WellKnownTypes
{
    private const int MaxNanos = 999_999_999;
    private const long LeastTimestampSeconds = -62_135_596_800;
    private const long MostTimestampSeconds = 253_402_300_799;
    private const long MostDurationSeconds = 315_576_000_000;

    // Of each message, the fields that hold one somewhere below: most hold none, and are not looked at.
    private static readonly ConcurrentDictionary<MessageDescriptor, FieldDescriptor[]> Holding = new();

    /// <summary>Finds what breaks the rules, each by its path in the message.</summary>
    /// <param name="check">Takes what is found.</param>
    /// <param name="message">The message.</param>
    /// <param name="path">Where it stands itself: nothing, or a path and a full stop.</param>
    public static void Check(RequestCheck check, IMessage message, string path = "")
    {
        foreach (var field in Holding.GetOrAdd(message.Descriptor, FieldsOf))
        {
            var name = path + field.Name;
            switch (field.Accessor.GetValue(message))
            {
                case null:
                    break;
                case IDictionary entries:
                    foreach (DictionaryEntry entry in entries)
                    {
                        CheckOne(check, (IMessage)entry.Value!, $"{name}[{entry.Key}]");
                    }

                    break;
                case IList several:
                    for (var i = 0; i < several.Count; i++)
                    {
                        CheckOne(check, (IMessage)several[i]!, $"{name}[{i}]");
                    }

                    break;
                case IMessage one:
                    CheckOne(check, one, name);
                    break;
            }
        }
    }

    private static void CheckOne(RequestCheck check, IMessage message, string field)
    {
        switch (message)
        {
            case Timestamp time:
                check.Require(
                    time.Seconds is >= LeastTimestampSeconds and <= MostTimestampSeconds && time.Nanos is >= 0 and <= MaxNanos,
                    field, "must be a time of the years 1 to 9999, its nanos 0 to 999999999");
                break;
            case Duration span:
                check.Require(
                    span.Seconds is >= -MostDurationSeconds and <= MostDurationSeconds && AreParts(span.Seconds, span.Nanos),
                    field, "must be at most 10,000 years, its nanos of the sign of its seconds and at most 999999999");
                break;
            case Money money:
                check.Require(AreParts(money.Units, money.Nanos), field, "must have nanos of the sign of its units and at most 999999999");
                check.Require(
                    money.CurrencyCode.Length == 3 && money.CurrencyCode.All(char.IsAsciiLetterUpper), field + ".currency_code", "must be three letters, ISO 4217");
                break;
            case LatLng place:
                // Written so that NaN fails.
                check.Require(place.Latitude is >= -90 and <= 90, field + ".latitude", "must be -90 to 90 degrees");
                check.Require(place.Longitude is >= -180 and <= 180, field + ".longitude", "must be -180 to 180 degrees");
                break;
            default:
                Check(check, message, field + ".");
                break;
        }
    }

    private static bool AreParts(long whole, int nanos) => nanos is >= -MaxNanos and <= MaxNanos && (whole == 0 || nanos == 0 || whole < 0 == nanos < 0);

    private static FieldDescriptor[] FieldsOf(MessageDescriptor message) => [.. message.Fields.InFieldNumberOrder().Where(field => Holds(field, []))];

    private static bool Holds(FieldDescriptor field, HashSet<MessageDescriptor> seen) =>
        field.FieldType == FieldType.Message
        && (field.IsMap ? Holds(field.MessageType.FindFieldByNumber(2), seen) : IsOne(field.MessageType) || HoldsOne(field.MessageType, seen));

    private static bool HoldsOne(MessageDescriptor message, HashSet<MessageDescriptor> seen) =>
        seen.Add(message) && message.Fields.InFieldNumberOrder().Any(field => Holds(field, seen));

    private static bool IsOne(MessageDescriptor message) =>
        message == Timestamp.Descriptor || message == Duration.Descriptor || message == Money.Descriptor || message == LatLng.Descriptor;
}
