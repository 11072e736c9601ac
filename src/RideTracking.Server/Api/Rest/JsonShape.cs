using System.Globalization;
using System.Text.Json;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using Google.Protobuf.WellKnownTypes;
using RideTracking.Server.Hosting;
using RideTracking.Server.Protocol;

namespace RideTracking.Server.Api.Rest;

/// <summary>
/// Whether JSON is a message, by protobuf's rules: names as in the contract or in lowerCamelCase, numbers also as strings, enums by name or number. What
/// is not is told with its field. See <see href="https://protobuf.dev/programming-guides/json/"/>.
/// </summary>
internal static class JsonShape
{
    /// <summary>Finds what is wrong with a message.</summary>
    /// <param name="check">Takes what is found.</param>
    /// <param name="message">What it should be.</param>
    /// <param name="json">What came.</param>
    /// <param name="path">Where it stands; empty for the whole request.</param>
    public static void Check(RequestCheck check, MessageDescriptor message, JsonElement json, string path)
    {
        if (message.FullName == Timestamp.Descriptor.FullName)
        {
            check.Require(IsParsed(Timestamp.Parser, json), path, "must be a time such as \"2026-01-31T08:00:00Z\"");
            return;
        }

        if (message.FullName == Duration.Descriptor.FullName)
        {
            check.Require(IsParsed(Duration.Parser, json), path, "must be seconds such as \"1.5s\"");
            return;
        }

        if (json.ValueKind != JsonValueKind.Object)
        {
            check.Require(false, path.Length > 0 ? path : "body", $"must be an object, not {Kind(json)}");
            return;
        }

        var chosen = new HashSet<OneofDescriptor>();
        foreach (var property in json.EnumerateObject())
        {
            var name = path.Length > 0 ? $"{path}.{property.Name}" : property.Name;
            if (FieldOf(message, property.Name) is not { } field)
            {
                var meant = NearestName.Of(property.Name, message.Fields.InDeclarationOrder().Select(f => f.JsonName));
                check.Require(false, name, $"is no field of {message.Name}" + (meant is null ? "" : $"; did you mean {meant}?"));
                continue;
            }

            if (property.Value.ValueKind != JsonValueKind.Null && field.RealContainingOneof is { } oneof)
            {
                check.Require(chosen.Add(oneof), name, $"cannot be given with another of {oneof.Name}");
            }

            Check(check, field, property.Value, name);
        }
    }

    /// <summary>Finds what is wrong with a field's value.</summary>
    /// <inheritdoc cref="Check(RequestCheck, MessageDescriptor, JsonElement, string)"/>
    public static void Check(RequestCheck check, FieldDescriptor field, JsonElement json, string path)
    {
        if (json.ValueKind == JsonValueKind.Null)
        {
            return; // Not given.
        }

        if (field.IsMap)
        {
            var value = field.MessageType.FindFieldByNumber(2);
            if (json.ValueKind != JsonValueKind.Object)
            {
                check.Require(false, path, $"must be an object, not {Kind(json)}");
                return;
            }

            foreach (var entry in json.EnumerateObject())
            {
                CheckOne(check, value, entry.Value, $"{path}[{entry.Name}]");
            }
        }
        else if (field.IsRepeated)
        {
            if (json.ValueKind != JsonValueKind.Array)
            {
                check.Require(false, path, $"must be an array, not {Kind(json)}");
                return;
            }

            var at = 0;
            foreach (var item in json.EnumerateArray())
            {
                CheckOne(check, field, item, $"{path}[{at++}]");
            }
        }
        else
        {
            CheckOne(check, field, json, path);
        }
    }

    /// <summary>The field of this name, in the contract's form or in lowerCamelCase; null when there is none.</summary>
    public static FieldDescriptor? FieldOf(MessageDescriptor message, string name) =>
        message.FindFieldByName(name) ?? message.Fields.InDeclarationOrder().FirstOrDefault(f => f.JsonName == name);

    /// <summary>What a scalar must be, or null when the text is one: as it stands in a path, in a query, or in quotes.</summary>
    public static string? FaultOf(FieldDescriptor field, string text) => field.FieldType switch
    {
        FieldType.String => null,
        FieldType.Bool => text is "true" or "false" ? null : "must be true or false",
        FieldType.Bytes => Convert.TryFromBase64String(text, new byte[text.Length], out _) ? null : "must be base64",
        FieldType.Enum => IsValue(field.EnumType, text) ? null : $"must be one of {string.Join(", ", field.EnumType.Values.Select(v => v.Name))}",
        FieldType.Double or FieldType.Float =>
            text is "NaN" or "Infinity" or "-Infinity" || double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out _) ? null : "must be a number",
        FieldType.Int32 or FieldType.SInt32 or FieldType.SFixed32 => Fault(int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _), int.MinValue, int.MaxValue),
        FieldType.UInt32 or FieldType.Fixed32 => Fault(uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out _), uint.MinValue, uint.MaxValue),
        FieldType.Int64 or FieldType.SInt64 or FieldType.SFixed64 => Fault(long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _), long.MinValue, long.MaxValue),
        FieldType.UInt64 or FieldType.Fixed64 => Fault(ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out _), ulong.MinValue, ulong.MaxValue),
        _ => "cannot be given here",
    };

    private static void CheckOne(RequestCheck check, FieldDescriptor field, JsonElement json, string path)
    {
        if (field.FieldType == FieldType.Message)
        {
            Check(check, field.MessageType, json, path);
            return;
        }

        var fault = (field.FieldType, json.ValueKind) switch
        {
            (FieldType.Bool, JsonValueKind.True or JsonValueKind.False) => null,
            (FieldType.Bool, _) => "must be true or false",
            (FieldType.String or FieldType.Bytes, not JsonValueKind.String) => $"must be a string, not {Kind(json)}",
            (FieldType.Enum, JsonValueKind.Number) when json.TryGetInt32(out _) => null,
            (FieldType.Enum, not JsonValueKind.String) => FaultOf(field, ""),
            (_, JsonValueKind.String) => FaultOf(field, json.GetString()!),
            (_, JsonValueKind.Number) => FaultOf(field, json.GetRawText()),
            _ => FaultOf(field, Kind(json)),
        };
        check.Require(fault is null, path, fault ?? "");
    }

    private static string? Fault<T>(bool holds, T least, T most) => holds ? null : $"must be a whole number from {least} to {most}";

    private static bool IsValue(EnumDescriptor type, string text) => type.FindValueByName(text) is not null || int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _);

    private static bool IsParsed<T>(MessageParser<T> parser, JsonElement json)
        where T : IMessage<T>
    {
        try
        {
            parser.ParseJson(json.GetRawText());
            return true;
        }
        catch (InvalidProtocolBufferException)
        {
            return false;
        }
    }

    private static string Kind(JsonElement json) => json.ValueKind switch
    {
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => "an array",
        JsonValueKind.String => "a string",
        JsonValueKind.Number => "a number",
        JsonValueKind.True or JsonValueKind.False => "a boolean",
        _ => "null",
    };
}
