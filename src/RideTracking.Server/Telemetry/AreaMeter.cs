using System.Diagnostics.Metrics;

namespace RideTracking.Server.Telemetry;

/// <summary>
/// The instruments of the process as one area uses them: every measurement carries the tag <c>area</c>. Rooms make their
/// metrics of it and never know which area they are in. Disposed with the area, which takes back what is observed of it.
/// </summary>
/// <param name="meters">The process's meters: an instrument made twice is one.</param>
/// <param name="observed">What the process observes, of all areas.</param>
/// <param name="area">The area's id, one of the configured few.</param>
public sealed class AreaMeter(IMeterFactory meters, ObservedInstruments observed, string area) : IDisposable
{
    private readonly Meter _meter = meters.Create(Metering.MeterName);
    private readonly KeyValuePair<string, object?> _area = new("area", area);
    private readonly List<IDisposable> _observed = [];

    /// <summary>A counter of events.</summary>
    public AreaCounter Counter(string name, string unit, string description) =>
        new(_meter.CreateCounter<long>(name, unit, description), _area);

    /// <summary>How many there are now.</summary>
    public AreaUpDownCounter UpDownCounter(string name, string unit, string description) =>
        new(_meter.CreateUpDownCounter<long>(name, unit, description), _area);

    /// <summary>Times, in seconds.</summary>
    public AreaHistogram Delays(string name, string description) =>
        new(_meter.CreateHistogram(name, "s", description, advice: Metering.Delays), _area);

    /// <summary>A number that is read when somebody asks.</summary>
    public void Gauge(string name, string unit, string description, Func<double> value, params KeyValuePair<string, object?>[] tags)
    {
        KeyValuePair<string, object?>[] all = [_area, .. tags];
        _observed.Add(observed.Gauge(name, unit, description, () => [new Measurement<double>(value(), all)]));
    }

    /// <summary>Counts kept elsewhere, by tags, that are read when somebody asks.</summary>
    public void ObservedCounter(string name, string unit, string description, Func<IEnumerable<(long Count, KeyValuePair<string, object?>[] Tags)>> counts) =>
        _observed.Add(observed.Counter(name, unit, description, () => counts().Select(c => new Measurement<long>(c.Count, [_area, .. c.Tags]))));

    /// <inheritdoc/>
    public void Dispose() => _observed.ForEach(o => o.Dispose());
}

/// <summary>A counter of the process, for one area.</summary>
public readonly struct AreaCounter(Counter<long> counter, KeyValuePair<string, object?> area)
{
    /// <summary>Adds.</summary>
    public void Add(long count) => counter.Add(count, area);

    /// <summary>Adds under a tag.</summary>
    public void Add(long count, KeyValuePair<string, object?> tag) => counter.Add(count, area, tag);

    /// <summary>Adds under two tags.</summary>
    public void Add(long count, KeyValuePair<string, object?> one, KeyValuePair<string, object?> other) => counter.Add(count, area, one, other);
}

/// <summary>A number of the process that rises and falls, for one area.</summary>
public readonly struct AreaUpDownCounter(UpDownCounter<long> counter, KeyValuePair<string, object?> area)
{
    /// <summary>Adds, or takes away, under a tag.</summary>
    public void Add(long count, KeyValuePair<string, object?> tag) => counter.Add(count, area, tag);
}

/// <summary>Times of the process, for one area.</summary>
public readonly struct AreaHistogram(Histogram<double> histogram, KeyValuePair<string, object?> area)
{
    /// <summary>Notes one.</summary>
    public void Record(TimeSpan time) => histogram.Record(time.TotalSeconds, area);

    /// <summary>Notes one under a tag.</summary>
    public void Record(TimeSpan time, KeyValuePair<string, object?> tag) => histogram.Record(time.TotalSeconds, area, tag);
}
