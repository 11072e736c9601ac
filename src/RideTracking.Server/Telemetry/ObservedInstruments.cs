using System.Diagnostics.Metrics;

namespace RideTracking.Server.Telemetry;

/// <summary>
/// Instruments that are read when somebody asks. One instrument of the process for each name, whatever number of areas is
/// observed by it: the first who observes makes it, and each takes back its own. Thread-safe.
/// </summary>
public sealed class ObservedInstruments(IMeterFactory meters)
{
    private readonly Meter _meter = meters.Create(Metering.MeterName);
    private readonly Lock _lock = new();
    private readonly Dictionary<string, List<Delegate>> _sources = new(StringComparer.Ordinal);

    /// <summary>Observes a gauge until the result is disposed.</summary>
    public IDisposable Gauge(string name, string unit, string description, Func<IEnumerable<Measurement<double>>> source) =>
        Add(name, source, () => _meter.CreateObservableGauge(name, () => Read<double>(name), unit, description));

    /// <summary>Observes a counter until the result is disposed.</summary>
    public IDisposable Counter(string name, string unit, string description, Func<IEnumerable<Measurement<long>>> source) =>
        Add(name, source, () => _meter.CreateObservableCounter(name, () => Read<long>(name), unit, description));

    private Observation Add(string name, Delegate source, Action make)
    {
        bool isFirst;
        lock (_lock)
        {
            isFirst = !_sources.TryGetValue(name, out var sources);
            (sources ??= _sources[name] = []).Add(source);
        }

        if (isFirst)
        {
            make();
        }

        return new Observation(this, name, source);
    }

    private IEnumerable<Measurement<T>> Read<T>(string name)
        where T : struct
    {
        Delegate[] sources;
        lock (_lock)
        {
            sources = [.. _sources[name]];
        }

        return sources.Cast<Func<IEnumerable<Measurement<T>>>>().SelectMany(source => source());
    }

    private sealed class Observation(ObservedInstruments all, string name, Delegate source) : IDisposable
    {
        public void Dispose()
        {
            lock (all._lock)
            {
                all._sources[name].Remove(source);
            }
        }
    }
}
