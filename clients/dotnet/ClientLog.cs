using Grpc.Core;
using Microsoft.Extensions.Logging;
using RideTracking.V1;

namespace RideTracking.Client;

/// <summary>What the library says of its connections: nothing per fix.</summary>
internal static partial class ClientLog
{
    [LoggerMessage(LogLevel.Information, "Driver {DriverId} is connected; the log of the session stands at {ResumeAfterSequence}")]
    public static partial void Connected(ILogger logger, string driverId, ulong resumeAfterSequence);

    [LoggerMessage(LogLevel.Warning, "Driver {DriverId} has no stream ({Reason}); the next attempt is in {RetryAfter}")]
    public static partial void Lost(ILogger logger, string driverId, string reason, TimeSpan retryAfter);

    [LoggerMessage(LogLevel.Error, "Driver {DriverId} is refused, and trying again would not help: {Code}: {Detail}")]
    public static partial void Refused(ILogger logger, string driverId, StatusCode code, string detail);

    [LoggerMessage(LogLevel.Warning, "Driver {DriverId} does not come back: {End}")]
    public static partial void Ended(ILogger logger, string driverId, ConnectionEnd end);

    [LoggerMessage(LogLevel.Warning, "A call of the rider's is tried again in {RetryAfter}: {Reason}")]
    public static partial void Retried(ILogger logger, string reason, TimeSpan retryAfter);

    /// <summary>Why there is no stream, in words.</summary>
    public static string Reason(StreamClosing? closing, Exception? error) => (closing, error) switch
    {
        ({ } said, _) => said.Reason.ToString(),
        (_, RpcException refused) => $"{refused.StatusCode}: {refused.Status.Detail}",
        (_, { } other) => other.Message,
        _ => "the server ended it in good order",
    };
}
