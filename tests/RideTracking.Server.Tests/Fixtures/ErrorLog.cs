using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace RideTracking.Server.Tests.Fixtures;

/// <summary>Keeps the errors that a server logs, so that none goes unseen.</summary>
public sealed class ErrorLog : ILoggerProvider
{
    private readonly ConcurrentQueue<string> _errors = new();
    private readonly ConcurrentBag<string> _expected = [];

    public IReadOnlyList<string> Unexpected => [.. _errors.Where(e => !_expected.Any(x => e.Contains(x, StringComparison.Ordinal)))];

    public bool Has(string part) => _errors.Any(e => e.Contains(part, StringComparison.Ordinal));

    public void Expect(string part) => _expected.Add(part);

    public ILogger CreateLogger(string categoryName) => new Logger(this, categoryName);

    public void Dispose()
    {
        // Nothing is held.
    }

    private sealed class Logger(ErrorLog log, string category) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Error;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (IsEnabled(logLevel))
            {
                log._errors.Enqueue($"{category}: {formatter(state, exception)} {exception}");
            }
        }
    }
}
