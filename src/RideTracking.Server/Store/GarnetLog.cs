using System.Collections.Concurrent;
using System.Net.Sockets;

namespace RideTracking.Server.Store;

/// <summary>
/// What Garnet says: its warnings are passed on, and its faults kept, since it starts all the same with what it could read of
/// its files, and goes on after a transaction of which memory holds a half. Thread-safe.
/// </summary>
internal sealed class GarnetLog(ILoggerFactory inner) : ILoggerFactory
{
    private readonly ConcurrentQueue<string> _faults = new();

    /// <summary>What went wrong so far, in Garnet's own words.</summary>
    public IReadOnlyCollection<string> Faults => _faults;

    /// <summary>They were dealt with.</summary>
    public void Forget() => _faults.Clear();

    public ILogger CreateLogger(string categoryName) => new Filter(inner.CreateLogger(categoryName), _faults);

    public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException();

    public void Dispose()
    {
        // The inner factory belongs to the host.
    }

    private sealed class Filter(ILogger inner, ConcurrentQueue<string> faults) : ILogger
    {
        // It tells one of them as mere information.
        private static readonly string[] Faults =
            ["AofProcessor.RecoverReplay", "Error during recovery of AofProcessor", "Error during recovery of store", "error in running transaction proc"];

        // Nothing is wrong then: that it does not log to where it was not asked to, and that the client, closing at the same
        // moment, was quicker to close the socket.
        private static readonly string[] Harmless = ["Received an external ILoggerFactory", "Error shutting down socket"];

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
            if (Array.Exists(Faults, f => said.Contains(f, StringComparison.Ordinal)))
            {
                faults.Enqueue(exception is null ? said : $"{said}: {exception.Message}");
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
