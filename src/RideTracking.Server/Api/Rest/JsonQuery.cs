using Google.Protobuf.Reflection;
using Microsoft.AspNetCore.Grpc.JsonTranscoding;
using RideTracking.Server.Hosting;
using RideTracking.Server.Protocol;

namespace RideTracking.Server.Api.Rest;

/// <summary>Whether a query's parameters are fields of the request: by name, those of messages in it by a path with full stops.</summary>
internal static class JsonQuery
{
    /// <summary>Finds what is wrong.</summary>
    public static void Check(RequestCheck check, GrpcJsonTranscodingMetadata call, IQueryCollection query)
    {
        foreach (var (name, values) in query)
        {
            if (call.HttpRule.Body == "*")
            {
                check.Require(false, name, "is not read here: all fields stand in the body or the path");
                continue;
            }

            if (Find(call.MethodDescriptor.InputType, name.Split('.')) is not { } field)
            {
                var meant = NearestName.Of(name, call.MethodDescriptor.InputType.Fields.InDeclarationOrder().Select(f => f.JsonName));
                check.Require(false, name, $"is no parameter of {call.MethodDescriptor.Name}" + (meant is null ? "" : $"; did you mean {meant}?"));
                continue;
            }

            check.Require(values.Count == 1 || field.IsRepeated, name, "must be given once");
            foreach (var value in values)
            {
                var fault = field.FieldType == FieldType.Message ? FaultOfMessage(field, value ?? "") : JsonShape.FaultOf(field, value ?? "");
                check.Require(fault is null, name, fault ?? "");
            }
        }
    }

    // Of messages only times and durations are one text.
    private static string? FaultOfMessage(FieldDescriptor field, string text)
    {
        var check = new RequestCheck();
        using var json = System.Text.Json.JsonDocument.Parse(System.Text.Json.JsonSerializer.SerializeToUtf8Bytes(text));
        JsonShape.Check(check, field.MessageType, json.RootElement, "value");
        return check.IsFine ? null : check.Fault!.Message;
    }

    private static FieldDescriptor? Find(MessageDescriptor message, ReadOnlySpan<string> path)
    {
        var field = JsonShape.FieldOf(message, path[0]);
        return path.Length == 1 || field is null ? field
            : field is { FieldType: FieldType.Message, IsRepeated: false } ? Find(field.MessageType, path[1..]) : null;
    }
}
