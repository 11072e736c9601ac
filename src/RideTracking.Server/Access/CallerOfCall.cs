using Grpc.Core;

namespace RideTracking.Server.Access;

/// <summary>Finds the <see cref="Caller"/> of a call.</summary>
public static class CallerOfCall
{
    private static readonly object Key = typeof(Caller);

    /// <summary>Who calls. Every RPC that asks for a token has one.</summary>
    /// <exception cref="InvalidOperationException">The RPC is open to all, or was reached past the interceptor.</exception>
    public static Caller Caller(this ServerCallContext context) =>
        context.UserState.TryGetValue(Key, out var caller) && caller is Caller known
            ? known
            : throw new InvalidOperationException($"{context.Method} has no caller.");

    internal static void SetCaller(this ServerCallContext context, Caller caller) => context.UserState[Key] = caller;
}
