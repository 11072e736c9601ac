using System.Text.Json;
using Google.Protobuf;
using Microsoft.AspNetCore.Grpc.JsonTranscoding;
using Microsoft.Extensions.Options;
using RideTracking.Server.Access;
using RideTracking.Server.Hosting;
using RideTracking.Server.Protocol;
using Code = Google.Rpc.Code;
using Status = Google.Rpc.Status;

namespace RideTracking.Server.Api.Rest;

/// <summary>
/// Looks at what comes as JSON before it is made into a message. By itself that leaves out names that it does not know, and says of a wrong value
/// only that there is one; here each is told by its field. Who may not call is told that first.
/// </summary>
internal static class JsonRequests
{
    private static readonly JsonFormatter Formatter = new(JsonFormatter.Settings.Default.WithTypeRegistry(RestSetup.Details));

    private static readonly JsonDocumentOptions Strictly = new() { AllowDuplicateProperties = false };

    public static IApplicationBuilder UseJsonRequests(this WebApplication app)
    {
        var admission = app.Services.GetRequiredService<Admission>();
        var maxBytes = app.Services.GetRequiredService<IOptions<ListenOptions>>().Value.MaxMessageBytes;
        return app.Use(async (http, next) =>
        {
            if (http.GetEndpoint()?.Metadata.GetMetadata<GrpcJsonTranscodingMetadata>() is not { } call)
            {
                await next(http);
                return;
            }

            var method = $"/{call.MethodDescriptor.Service.FullName}/{call.MethodDescriptor.Name}";
            var (_, refusal) = await admission.OfAsync(method, http.Request, http.RequestAborted);
            if ((refusal is not null ? (HttpStatusOf(refusal), refusal) : await CheckAsync(http, call, maxBytes)) is { } refused)
            {
                await RefuseAsync(http, refused.HttpStatus, refused.Refusal);
                return;
            }

            if (call.MethodDescriptor.IsServerStreaming)
            {
                http.Response.OnStarting(NameLines, http.Response);
            }

            await next(http);
        });
    }

    // A stream is a message a line.
    private static Task NameLines(object response)
    {
        if (response is HttpResponse { StatusCode: StatusCodes.Status200OK } ok)
        {
            ok.ContentType = "application/x-ndjson; charset=utf-8";
        }

        return Task.CompletedTask;
    }

    private static async Task<(int HttpStatus, Status Refusal)?> CheckAsync(HttpContext http, GrpcJsonTranscodingMetadata call, int maxBytes)
    {
        var check = new RequestCheck();
        JsonQuery.Check(check, call, http.Request.Query);
        if (call.HttpRule.Body.Length > 0)
        {
            if (await ReadAsync(http, maxBytes) is not { } body)
            {
                return (StatusCodes.Status413PayloadTooLarge, Refusal.Exhausted(
                    "MESSAGE_TOO_LARGE", $"The request has more than {maxBytes} bytes (Listen:MaxMessageBytes).", ("limit", $"{maxBytes}")));
            }

            if (body.Length > 0 && !http.Request.HasJsonContentType())
            {
                return (StatusCodes.Status415UnsupportedMediaType, Refusal.Field("content-type", $"must be application/json, not '{http.Request.ContentType}'"));
            }

            if (body.Length == 0)
            {
                // A request whose fields are all in its path needs no body.
                body = "{}"u8.ToArray();
                http.Request.ContentType = "application/json";
            }

            http.Request.Body = new MemoryStream(body, writable: false);
            CheckBody(check, call, body);
        }

        return check.Fault is { } fault ? (StatusCodes.Status400BadRequest, fault) : null;
    }

    private static void CheckBody(RequestCheck check, GrpcJsonTranscodingMetadata call, byte[] body)
    {
        try
        {
            using var json = JsonDocument.Parse(body, Strictly);
            var whole = call.MethodDescriptor.InputType;
            if (call.HttpRule.Body == "*")
            {
                JsonShape.Check(check, whole, json.RootElement, "");
            }
            else
            {
                JsonShape.Check(check, whole.FindFieldByName(call.HttpRule.Body), json.RootElement, call.HttpRule.Body);
            }
        }
        catch (JsonException e)
        {
            check.Require(false, "body", $"is not JSON: {e.Message}");
        }
    }

    // Null when it is too large.
    private static async Task<byte[]?> ReadAsync(HttpContext http, int maxBytes)
    {
        if (http.Request.ContentLength > maxBytes)
        {
            return null;
        }

        using var body = new MemoryStream();
        var part = new byte[8192];
        while (await http.Request.Body.ReadAsync(part, http.RequestAborted) is > 0 and var length)
        {
            if (body.Length + length > maxBytes)
            {
                return null;
            }

            body.Write(part, 0, length);
        }

        return body.ToArray();
    }

    private static async Task RefuseAsync(HttpContext http, int httpStatus, Status refusal)
    {
        http.Response.StatusCode = httpStatus;
        http.Response.ContentType = "application/json; charset=utf-8";
        await http.Response.WriteAsync(Formatter.Format(refusal), http.RequestAborted);
    }

    private static int HttpStatusOf(Status refusal) => (Code)refusal.Code switch
    {
        Code.Unauthenticated => StatusCodes.Status401Unauthorized,
        Code.PermissionDenied => StatusCodes.Status403Forbidden,
        _ => StatusCodes.Status503ServiceUnavailable,
    };
}
