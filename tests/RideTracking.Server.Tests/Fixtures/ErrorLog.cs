using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using RideTracking.Server.Hosting;

namespace RideTracking.Server.Tests.Fixtures;

/// <summary>Keeps the errors that a server logs, so that none goes unseen; and the last of what it waited for, which says why a test waits in vain.</summary>
public sealed class ErrorLog : ILoggerProvider
{
    private const int MostSaid = 30;

    // Of all servers of the process: what is waited for in vain may be another one's.
    private static readonly ConcurrentQueue<string> LastSaid = new();

    private readonly ConcurrentQueue<string> _errors = new();
    private readonly ConcurrentBag<string> _expected = [];

    public IReadOnlyList<string> Unexpected => [.. _errors.Where(e => !_expected.Any(x => e.Contains(x, StringComparison.Ordinal)))];

    /// <summary>Whether a loop has waited for the store.</summary>
    public bool HasWaited { get; private set; }

    /// <summary>The last warnings, errors and waits of all servers, which may be other tests' too.</summary>
    public static string Said => string.Join(Environment.NewLine, LastSaid);

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

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Warning || (logLevel == LogLevel.Debug && category == typeof(Loop).FullName);

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (!IsEnabled(logLevel))
            {
                return;
            }

            var line = $"{category}: {formatter(state, exception)} {exception}";
            log.HasWaited |= logLevel == LogLevel.Debug;
            if (logLevel >= LogLevel.Error)
            {
                log._errors.Enqueue(line);
            }

            LastSaid.Enqueue($"{TimeProvider.System.GetUtcNow():HH:mm:ss.fff} {line}");
            while (LastSaid.Count > MostSaid)
            {
                LastSaid.TryDequeue(out _);
            }
        }
    }
}
