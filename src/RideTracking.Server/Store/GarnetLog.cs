using System.Collections.Concurrent;
using System.Net.Sockets;
using Tsavorite.core;

namespace RideTracking.Server.Store;

/// <summary>
/// What Garnet says: its warnings are passed on, and its faults kept, since it starts all the same with what it could read of
/// its files, and goes on after a transaction of which memory holds a half. Thread-safe.
/// </summary>
internal sealed class GarnetLog(ILoggerFactory inner) : ILoggerFactory
{
    private readonly ConcurrentQueue<string> _faults = new();
    private volatile string? _writeFailure;

    /// <summary>What went wrong so far, in Garnet's own words.</summary>
    public IReadOnlyCollection<string> Faults => _faults;

    /// <summary>Why its file could not be written, the first time; null while it could. Garnet itself says it again for each write that follows.</summary>
    public string? WriteFailure => _writeFailure;

    /// <summary>They were dealt with.</summary>
    public void Forget() => _faults.Clear();

    public ILogger CreateLogger(string categoryName) => new Filter(inner.CreateLogger(categoryName), this);

    public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException();

    public void Dispose()
    {
        // The inner factory belongs to the host.
    }

    private sealed class Filter(ILogger inner, GarnetLog log) : ILogger
    {
        // It tells one of them as mere information.
        private static readonly string[] Faults =
            ["AofProcessor.RecoverReplay", "Error during recovery of AofProcessor", "Error during recovery of store", "error in running transaction proc"];

        // Nothing is wrong then: that it does not log to where it was not asked to, and that the client, closing at the same
        // moment, was quicker to close the socket.
        private static readonly string[] Harmless = ["Received an external ILoggerFactory", "Error shutting down socket"];

        // Its file could not be written.
        private static readonly string[] Unwritten = ["WriteAsync", "AsyncFlushPageCallback"];

        // A client that has gone gets no answer. What was not answered was not promised.
        private const string Unanswered = "ProcessMessages threw an exception";

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => inner.BeginScope(state);

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Information;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (logLevel < LogLevel.Information)
            {
                return;
            }

            var said = formatter(state, exception);
            if (exception is CommitFailureException || (exception is IOException && Array.Exists(Unwritten, u => said.StartsWith(u, StringComparison.Ordinal))))
            {
                log._writeFailure ??= exception.GetBaseException().Message;
            }

            // It is not used any more. What else it says is of that, and again for each write.
            if (log._writeFailure is not null)
            {
                return;
            }

            if (Array.Exists(Faults, f => said.Contains(f, StringComparison.Ordinal)))
            {
                log._faults.Enqueue(exception is null ? said : $"{said}: {exception.Message}");
            }

            var isHarmless = Array.Exists(Harmless, h => said.StartsWith(h, StringComparison.Ordinal))
                || (exception is ObjectDisposedException or SocketException && said.Contains(Unanswered, StringComparison.Ordinal));
            if (logLevel >= LogLevel.Warning && !isHarmless && inner.IsEnabled(logLevel))
            {
                inner.Log(logLevel, eventId, state, exception, formatter);
            }
        }
    }
}
