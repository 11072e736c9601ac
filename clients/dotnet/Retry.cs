using System.Globalization;
using Google.Rpc;
using Grpc.Core;

namespace RideTracking.Client;

/// <summary>When a refused call may be tried again.</summary>
internal static class Retry
{
    /// <summary>The wait that the server asked for; null when it named none.</summary>
    public static TimeSpan? After(Exception? error) =>
        error is RpcException refused ? After(refused.GetRpcStatus()) : null;

    /// <summary>The wait that the server asked for; null when it named none.</summary>
    public static TimeSpan? After(Google.Rpc.Status? status) =>
        status?.GetDetail<RetryInfo>()?.RetryDelay?.ToTimeSpan();

    /// <summary>The attempt to connect that the server knows of this device already, when the call was refused for that.</summary>
    public static ulong? AttemptPassed(Exception? error) =>
        error is RpcException refused && refused.GetRpcStatus()?.GetDetail<ErrorInfo>() is { Reason: "CONNECTION_ATTEMPT_PASSED" } info
        && ulong.TryParse(info.Metadata.GetValueOrDefault("last_connection_attempt"), NumberStyles.None, CultureInfo.InvariantCulture, out var attempt)
            ? attempt
            : null;

    /// <summary>The same call may succeed later.</summary>
    public static bool IsTransient(StatusCode code) =>
        code is StatusCode.Unavailable or StatusCode.DeadlineExceeded or StatusCode.ResourceExhausted or StatusCode.Internal or StatusCode.Unknown;
}
