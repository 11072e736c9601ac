using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace RideTracking.Server.Tests.Storage;

/// <summary>Keeps what one part of a server logs.</summary>
internal sealed class SaidLog<TPart> : ILoggerProvider
{
    private readonly ConcurrentQueue<string> _lines = new();

    /// <summary>Its lines, each after its level.</summary>
    public string[] Lines => [.. _lines];

    public ILogger CreateLogger(string categoryName) => new Logger(this, categoryName == typeof(TPart).FullName);

    public void Dispose()
    {
        // Nothing is held.
    }

    private sealed class Logger(SaidLog<TPart> log, bool isKept) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => isKept && logLevel >= LogLevel.Information;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (IsEnabled(logLevel))
            {
                log._lines.Enqueue($"{logLevel}: {formatter(state, exception)}");
            }
        }
    }
}
