using System.Globalization;
using System.Runtime.ExceptionServices;
using Microsoft.Extensions.Options;
using RideTracking.Engine.Ingest;
using RideTracking.Engine.Roads.Matching;
using RideTracking.Engine.Roads.Routing;
using RideTracking.Engine.Roads.Speeds;
using RideTracking.Server.Areas;
using RideTracking.Server.Hosting;
using RideTracking.Server.Store;
using StackExchange.Redis;

namespace RideTracking.Server.Roads;

/// <summary>
/// How long roads and trips really take, learned from trips that have ended. What is learned is added to sums in the
/// store, so that all nodes learn from all; now and then, and at each full hour, the sums are read again and become the times
/// that routes are found by. Thread-safe.
/// </summary>
internal sealed class LearnedTimes : LoopService
{
    // A few trips tell nothing of how trips spread.
    private const double LeastTrips = 30;

    private const string TripCount = "trips";

    private const int SumsAtATime = 500;

    private static readonly TimeSpan WriteInterval = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan RangesKept = TimeSpan.FromMinutes(1);

    private readonly Area _area;
    private readonly CityRoads _city;
    private readonly RoadTimes _times;
    private readonly RoadOptions _options;
    private readonly TimeZoneInfo _zone;

    // What was learned of these roads, here and by all as far as it was read from the store.
    private readonly Lock _roadsLock = new();
    private RoadsInUse? _roads;
    private RoadSpeeds? _speeds;

    // The same of trips. A lock of its own, since a new metric takes a while and estimates must not wait for it.
    private readonly Lock _tripsLock = new();
    private TripTimes _trips;
    private double _tripsSeen;
    private int _tripsUnwritten;

    // Of each kind of trips, since a range is made of all that was seen.
    private readonly Dictionary<(int Bucket, int Hour), (TimeSpan Foretold, TripTimeRange Range)> _ranges = [];
    private DateTimeOffset _rangesMadeAt;

    // Of the loop alone.
    private readonly List<(RedisKey Key, RedisValue Field, double Amount)> _unwritten = [];
    private DateTimeOffset _writtenAt;
    private DateTimeOffset _usedAt;
    private int _usedHour = -1;

    public LearnedTimes(
        Area area, CityRoads city, RoadTimes times, IOptions<RoadOptions> options)
        : base(area.Loop("learned_times"), EverySecond)
    {
        (_area, _city, _times, _options) = (area, city, times, options.Value);
        _zone = _options.Zone;
        _trips = new TripTimes(_zone);
    }

    /// <summary>Takes what a drive tells of its roads.</summary>
    /// <param name="roads">It was matched to these.</param>
    /// <param name="drive">Matched.</param>
    /// <param name="fixes">Those it was matched from.</param>
    public void Learn(RoadsInUse roads, MatchedDrive drive, ReadOnlySpan<Fix> fixes)
    {
        lock (_roadsLock)
        {
            if (roads == _roads)
            {
                _speeds!.Learn(drive, fixes, roads.Router.Current.Metric);
            }
        }
    }

    /// <summary>Takes how long a trip really took, against what its route foretold at its start.</summary>
    public void Learn(TimeSpan foretold, TimeSpan actual, DateTimeOffset startedAt)
    {
        lock (_tripsLock)
        {
            _trips.Learn(foretold, actual, startedAt);
            _tripsSeen++;
            _tripsUnwritten++;
        }
    }

    /// <summary>How long a trip takes that its route foretells so; null while too few were seen to tell.</summary>
    public TripTimeRange? RangeOf(TimeSpan foretold, DateTimeOffset startsAt)
    {
        lock (_tripsLock)
        {
            return _tripsSeen >= LeastTrips && foretold > TimeSpan.Zero ? _trips.RangeOf(foretold, startsAt) : null;
        }
    }

    /// <summary>
    /// How long the rest of a way takes, to be asked for each fix; null while too few trips were seen to tell. What was learned in
    /// the last minute may be missing.
    /// </summary>
    /// <param name="whole">What the roads foretold of the whole way.</param>
    /// <param name="remaining">What they foretell of the rest.</param>
    /// <param name="now">When that is.</param>
    public TripTimeRange? RangeOfRest(TimeSpan whole, TimeSpan remaining, DateTimeOffset now)
    {
        if (remaining <= TimeSpan.Zero || whole < remaining)
        {
            return null;
        }

        lock (_tripsLock)
        {
            if (_tripsSeen < LeastTrips)
            {
                return null;
            }

            if (now - _rangesMadeAt > RangesKept || now < _rangesMadeAt)
            {
                _ranges.Clear();
                _rangesMadeAt = now;
            }

            var kind = _trips.KindOf(whole, now);
            if (!_ranges.TryGetValue(kind, out var known))
            {
                _ranges.Add(kind, known = (whole, _trips.RangeOf(whole, now)));
            }

            var alike = whole / known.Foretold;
            return new TripTimeRange(known.Range.Low * alike, known.Range.Median * alike, known.Range.High * alike).OfRest(whole, remaining);
        }
    }

    // While the store is away what was learned waits, and routes go by what was known.
    protected override async Task LookAsync(CancellationToken stopping)
    {
        if (_city.Current is not { } roads)
        {
            return;
        }

        var now = _area.Clock.GetUtcNow();
        if (now - _writtenAt >= WriteInterval)
        {
            await WriteAsync();
            _writtenAt = now;
        }

        if (roads != _roads || now - _usedAt >= _options.RelearnInterval || _speeds!.HourOf(now) != _usedHour)
        {
            await WriteAsync();
            await ReadAsync(roads);
            Use(roads, now);
        }
    }

    private async Task WriteAsync()
    {
        TakeUnwritten();
        var all = _unwritten.GroupBy(u => u.Key).SelectMany(sums => sums.Chunk(SumsAtATime)).ToList();
        _unwritten.Clear();
        Exception? passing = null;
        foreach (var some in all)
        {
            try
            {
                // What could not be written before is there with what was learned since.
                (RedisValue Name, double Amount)[] sums = [.. some.GroupBy(u => u.Field, u => u.Amount).Select(s => (s.Key, s.Sum()))];
                await StoreScript.SumsAdd.RunAsync(_area.Writes, [some[0].Key], [.. sums.Select(s => s.Name), .. sums.Select(s => (RedisValue)s.Amount)]);
            }
            catch (RedisTimeoutException e)
            {
                // It may have been added. Some trips among many are forgotten rather than counted again and again.
                passing = e;
            }
            catch (Exception e) when (Loop.Passes(e))
            {
                passing = e;
                _unwritten.AddRange(some);
            }
        }

        if (passing is not null)
        {
            ExceptionDispatchInfo.Throw(passing);
        }
    }

    private void TakeUnwritten()
    {
        lock (_roadsLock)
        {
            foreach (var (key, sums) in _speeds?.TakeChanges() ?? [])
            {
                _unwritten.Add((_area.Keys.RoadSpeeds, $"{key}/f", sums.FreeFlowSeconds));
                _unwritten.Add((_area.Keys.RoadSpeeds, $"{key}/d", sums.DrivenSeconds));
            }
        }

        lock (_tripsLock)
        {
            foreach (var (key, weight) in _trips.TakeChanges())
            {
                _unwritten.Add((_area.Keys.TripTimes, key.ToString(), weight));
            }

            if (_tripsUnwritten > 0)
            {
                _unwritten.Add((_area.Keys.TripTimes, TripCount, _tripsUnwritten));
                _tripsUnwritten = 0;
            }
        }
    }

    private async Task ReadAsync(RoadsInUse roads)
    {
        var speeds = new RoadSpeeds(roads.Graph, _zone);
        await foreach (var entry in _area.Bulk.HashScanAsync(_area.Keys.RoadSpeeds, pageSize: 1000))
        {
            var field = ((string)entry.Name!).AsSpan();
            if (field.Length > 2 && SpeedKey.TryParse(field[..^2], out var key) && Number(entry.Value) is { } amount)
            {
                speeds.Add(key, field[^1] == 'f' ? new SpeedSums(amount, 0) : new SpeedSums(0, amount));
            }
        }

        var trips = new TripTimes(_zone);
        var seen = 0.0;
        await foreach (var entry in _area.Bulk.HashScanAsync(_area.Keys.TripTimes, pageSize: 1000))
        {
            if (Number(entry.Value) is not { } weight)
            {
                continue;
            }

            if (entry.Name == TripCount)
            {
                seen = weight;
            }
            else if (TripTimeKey.TryParse((string)entry.Name!, out var key))
            {
                trips.Add(key, weight);
            }
        }

        // What was learned while it was read is not in it, and comes with the next reading.
        TakeUnwritten();
        lock (_roadsLock)
        {
            (_roads, _speeds) = (roads, speeds);
        }

        lock (_tripsLock)
        {
            (_trips, _tripsSeen) = (trips, seen);
        }
    }

    private void Use(RoadsInUse roads, DateTimeOffset now)
    {
        RoadMetric? usual;
        lock (_roadsLock)
        {
            (_usedAt, _usedHour) = (now, _speeds!.HourOf(now));
            usual = _speeds.Count > 0 ? _speeds.MetricOf(_usedHour, now) : null;
        }

        if (usual is not null)
        {
            _times.SetUsual(roads, usual);
        }
    }

    private static double? Number(RedisValue value) =>
        double.TryParse((string?)value, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number) ? number : null;
}
