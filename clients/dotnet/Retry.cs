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

    /// <summary>The same call may succeed later.</summary>
    public static bool IsTransient(StatusCode code) =>
        code is StatusCode.Unavailable or StatusCode.DeadlineExceeded or StatusCode.ResourceExhausted or StatusCode.Internal or StatusCode.Unknown;
}
