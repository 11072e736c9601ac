using Microsoft.Extensions.Logging;

namespace RideTracking.Simulation.Nodes;

/// <summary>An error that a node logs is for the checker; the rest is for nobody.</summary>
internal sealed class NodeLog(Action<string> unexpected) : ILoggerProvider, ILogger
{
    public ILogger CreateLogger(string categoryName) => this;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Error;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (IsEnabled(logLevel))
        {
            unexpected(formatter(state, exception) + (exception is null ? "" : $" ({exception.GetType().Name}: {exception.Message})"));
        }
    }

    public void Dispose()
    {
    }
}
