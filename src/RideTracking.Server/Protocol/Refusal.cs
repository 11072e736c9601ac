using System.Globalization;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Google.Rpc;

namespace RideTracking.Server.Protocol;

/// <summary>
/// Says no in a way that a program can act on: a <see cref="Status"/> with the details of
/// <see href="https://google.aip.dev/193">AIP-193</see>. Unary calls throw it (<c>ToRpcException</c>), actions on a
/// driver's stream carry it back.
/// </summary>
public static class Refusal
{
    /// <summary>The domain of every <see cref="ErrorInfo"/> of this server.</summary>
    public const string Domain = "ride-tracking";

    /// <summary>The action was done.</summary>
    public static Status Ok { get; } = new() { Code = (int)Code.Ok };

    /// <summary>A field breaks a limit; names the field by its path in the request and states the limit.</summary>
    public static Status Field(string field, string description) => Fields((field, description));

    /// <summary>Several fields break limits.</summary>
    public static Status Fields(params ReadOnlySpan<(string Field, string Description)> violations)
    {
        var request = new BadRequest();
        foreach (var (field, description) in violations)
        {
            request.FieldViolations.Add(new BadRequest.Types.FieldViolation { Field = field, Description = description });
        }

        var first = request.FieldViolations[0];
        return With(Code.InvalidArgument, $"{first.Field}: {first.Description}", request);
    }

    /// <summary>What came is no message of that name.</summary>
    public static Status NoProtobuf(string message) => Field(message, "is not valid protobuf");

    /// <summary>The state of things does not allow it; the metadata names the state met and what would be allowed.</summary>
    public static Status Precondition(string reason, string message, params ReadOnlySpan<(string Key, string Value)> metadata) =>
        With(Code.FailedPrecondition, message, Info(reason, metadata));

    /// <summary>What it asks for lies outside of what there is; the metadata names the nearest that would be allowed.</summary>
    public static Status OutOfRange(string reason, string message, params ReadOnlySpan<(string Key, string Value)> metadata) =>
        With(Code.OutOfRange, message, Info(reason, metadata));

    /// <summary>What it names is not there, or not there for this caller.</summary>
    public static Status NotFound(string reason, string message) =>
        With(Code.NotFound, message, Info(reason, []));

    /// <summary>The id was used before, with another body.</summary>
    public static Status AlreadyExists(string reason, string message) =>
        With(Code.AlreadyExists, message, Info(reason, []));

    /// <summary>Somebody else changed it first, or took over.</summary>
    public static Status Aborted(string reason, string message, params ReadOnlySpan<(string Key, string Value)> metadata) =>
        With(Code.Aborted, message, Info(reason, metadata));

    /// <summary>The caller is known but may not do this.</summary>
    public static Status PermissionDenied(string reason, string message, params ReadOnlySpan<(string Key, string Value)> metadata) =>
        With(Code.PermissionDenied, message, Info(reason, metadata));

    /// <summary>The caller is not known: no token, or none that is valid now.</summary>
    public static Status Unauthenticated(string reason, string message) =>
        With(Code.Unauthenticated, message, Info(reason, []));

    /// <summary>Not now; says when to try again.</summary>
    public static Status Unavailable(string reason, string message, TimeSpan retryAfter) =>
        With(Code.Unavailable, message, Info(reason, []), new RetryInfo { RetryDelay = retryAfter.ToDuration() });

    /// <summary>The server failed at it, for a reason of its own.</summary>
    public static Status Internal(string reason, string message) => With(Code.Internal, message, Info(reason, []));

    /// <summary>Too much of it.</summary>
    public static Status Exhausted(string reason, string message, params ReadOnlySpan<(string Key, string Value)> metadata) =>
        With(Code.ResourceExhausted, message, Info(reason, metadata));

    /// <summary>Too much of it just now; says when to try again.</summary>
    public static Status Later(string reason, string message, TimeSpan retryAfter) =>
        With(Code.ResourceExhausted, message, Info(reason, []), new RetryInfo { RetryDelay = retryAfter.ToDuration() });

    /// <summary>More than a limit; the metadata names it.</summary>
    /// <param name="reason">The ErrorInfo's, a constant.</param>
    /// <param name="limit">As many are allowed.</param>
    /// <param name="rule">What they may be, after the number.</param>
    /// <param name="setting">The setting that says how many.</param>
    public static Status Limit(string reason, int limit, string rule, string setting) => Exhausted(
        reason, $"{limit} {rule} ({setting}).", ("limit", limit.ToString(CultureInfo.InvariantCulture)), ("setting", setting));

    private static ErrorInfo Info(string reason, ReadOnlySpan<(string Key, string Value)> metadata)
    {
        var info = new ErrorInfo { Reason = reason, Domain = Domain };
        foreach (var (key, value) in metadata)
        {
            info.Metadata[key] = value;
        }

        return info;
    }

    private static Status With(Code code, string message, params ReadOnlySpan<IMessage> details)
    {
        var status = new Status { Code = (int)code, Message = message };
        foreach (var detail in details)
        {
            status.Details.Add(Any.Pack(detail));
        }

        return status;
    }
}
