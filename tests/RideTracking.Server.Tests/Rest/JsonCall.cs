using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Google.Api;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using Google.Rpc;
using Grpc.Core;

namespace RideTracking.Server.Tests.Rest;

/// <summary>A call of the contract as REST and JSON, by its <c>google.api.http</c> rule.</summary>
internal static partial class JsonCall
{
    private static readonly JsonParser Parser = new(JsonParser.Settings.Default.WithTypeRegistry(TypeRegistry.FromMessages(BadRequest.Descriptor, ErrorInfo.Descriptor, RetryInfo.Descriptor)));

    /// <summary>The rule, or null where there is none.</summary>
    public static HttpRule? RuleOf(MethodDescriptor method) => method.GetOptions()?.GetExtension(AnnotationsExtensions.Http);

    /// <summary>The request; what its path needs and the message lacks is <c>x</c>.</summary>
    public static HttpRequestMessage Request(MethodDescriptor method, IMessage? message = null)
    {
        var rule = RuleOf(method)!;
        var fields = message is null ? new JsonObject() : JsonNode.Parse(JsonFormatter.Default.Format(message))!.AsObject();
        var (verb, pattern) = rule.PatternCase switch
        {
            HttpRule.PatternOneofCase.Get => (HttpMethod.Get, rule.Get),
            HttpRule.PatternOneofCase.Put => (HttpMethod.Put, rule.Put),
            HttpRule.PatternOneofCase.Delete => (HttpMethod.Delete, rule.Delete),
            _ => (HttpMethod.Post, rule.Post),
        };
        var path = InPath().Replace(pattern, name => Uri.EscapeDataString(Take(fields, method.InputType, name.Groups[1].Value.Split('.')) ?? "x"));
        if (rule.Body.Length == 0)
        {
            var query = Flat(fields, "").ToList();
            return new HttpRequestMessage(verb, query.Count == 0 ? path : $"{path}?{string.Join('&', query)}");
        }

        var body = rule.Body == "*" ? fields : fields[method.InputType.FindFieldByName(rule.Body).JsonName] ?? new JsonObject();
        return new HttpRequestMessage(verb, path) { Content = new StringContent(body.ToJsonString(), System.Text.Encoding.UTF8, "application/json") };
    }

    /// <summary>The first of an answer: OK, or what it was refused with.</summary>
    public static async Task<(StatusCode Status, string? Reason)> SendAsync(HttpClient http, HttpRequestMessage request, CancellationToken cancel)
    {
        using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancel);
        if (response.IsSuccessStatusCode)
        {
            return (StatusCode.OK, null);
        }

        var refusal = StatusIn(await response.Content.ReadAsStringAsync(cancel));
        return ((StatusCode)refusal.Code, refusal.GetDetail<ErrorInfo>()?.Reason);
    }

    /// <summary>A refusal as it is written.</summary>
    public static Google.Rpc.Status StatusIn(string json) => Parser.Parse<Google.Rpc.Status>(json);

    private static string? Take(JsonObject fields, MessageDescriptor message, ReadOnlySpan<string> path)
    {
        var field = message.FindFieldByName(path[0]);
        if (path.Length > 1)
        {
            return fields[field.JsonName] is JsonObject inner ? Take(inner, field.MessageType, path[1..]) : null;
        }

        var value = fields[field.JsonName]?.ToString();
        fields.Remove(field.JsonName);
        return value;
    }

    private static IEnumerable<string> Flat(JsonNode? node, string name) => node switch
    {
        JsonObject fields => fields.SelectMany(f => Flat(f.Value, name.Length > 0 ? $"{name}.{f.Key}" : f.Key)),
        JsonArray items => items.SelectMany(item => Flat(item, name)),
        null => [],
        _ => [$"{name}={Uri.EscapeDataString(node.ToString())}"],
    };

    [GeneratedRegex(@"\{([^}]+)\}")]
    private static partial Regex InPath();
}
