using BenchmarkDotNet.Attributes;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;
using RideTracking.Engine.Fanout;
using RideTracking.Engine.Geo;
using RideTracking.Engine.Index;
using RideTracking.Engine.Ingest;

namespace RideTracking.Benchmarks;

/// <summary>What one fix and one search cost in memory. The column Allocated must stay empty.</summary>
[MemoryDiagnoser]
public class IndexBenchmarks
{
    private const int Batch = 4_096;
    private const ulong Session = 1;

    private readonly GateLimits _limits = new();
    private readonly NearbyDriver[] _found = new NearbyDriver[10];
    private readonly List<ViewportMailbox> _watchers = [];
    private GateState[] _gates = [];
    private Fix[][] _fixes = [];
    private GeoPoint[] _centers = [];
    private DriverIndex _index = new();
    private PositionFanout _fanout = new(new DriverIndex());
    private PositionFanout _watchedFanout = new(new DriverIndex());
    private long _time;
    private int _next;

    /// <summary>How many drivers there are.</summary>
    [Params(10_000, 100_000)]
    public int Drivers { get; set; }

    /// <summary>How they are spread over a city of 40 km by 40 km.</summary>
    [Params(CityLayout.Uniform, CityLayout.Clustered)]
    public CityLayout Layout { get; set; }

    /// <summary>Runs the benchmarks in this process.</summary>
    public static int Run(string[] options)
    {
        Job job = (options.Contains("--short") ? Job.ShortRun : Job.Default).WithToolchain(InProcessEmitToolchain.Instance);
        IConfig config = ManualConfig.Create(DefaultConfig.Instance).AddJob(job);
        BenchmarkSwitcher.FromTypes([typeof(IndexBenchmarks)])
            .Run(["--filter", "*", .. options.Where(option => option != "--short")], config);
        return 0;
    }

    /// <summary>Fills the index.</summary>
    [GlobalSetup]
    public void Fill()
    {
        var city = new City(Layout, new Random(2_024));
        _time = 1_750_000_000_000;
        _index = new DriverIndex();
        _gates = new GateState[Drivers];
        _fixes = [new Fix[Drivers], new Fix[Drivers]];
        for (int slot = 0; slot < Drivers; slot++)
        {
            (GeoPoint place, GeoPoint ahead) = city.Step();
            _fixes[0][slot] = FixAt(place);
            _fixes[1][slot] = FixAt(ahead);
            _index.Update(slot, _fixes[0][slot], out _);
            _index.SetStatus(slot, city.Status());
        }

        _centers = [.. Enumerable.Range(0, Batch).Select(_ => city.Place())];
        _fanout = new PositionFanout(_index);
        _watchedFanout = new PositionFanout(_index);
        _watchers.Clear();
        foreach (GeoPoint center in _centers.Take(10))
        {
            _watchers.Add(_watchedFanout.Watch(
                new GeoRectangle(
                    center.LatitudeDegrees - 0.02, center.LongitudeDegrees - 0.03,
                    center.LatitudeDegrees + 0.02, center.LongitudeDegrees + 0.03),
                () => { }));
        }
    }

    /// <summary>The verdict on a fix.</summary>
    [Benchmark(OperationsPerInvoke = Batch)]
    public int Judge()
    {
        int accepted = 0;
        for (int i = 0; i < Batch; i++)
        {
            ref Fix fix = ref NextFix(out int slot);
            fix.SensorTimeUnixMs = fix.FixedAtUnixMs;
            FixVerdict verdict = Gate.Judge(ref fix, Session, _time, _time, ref _gates[slot], _limits);
            accepted += verdict.Outcome == FixOutcome.Accepted ? 1 : 0;
        }

        return accepted;
    }

    /// <summary>A driver moves on by about 15 m.</summary>
    [Benchmark(OperationsPerInvoke = Batch)]
    public int Update()
    {
        int moved = 0;
        for (int i = 0; i < Batch; i++)
        {
            moved += _index.Update(Next(out Fix fix), fix, out _) ? 1 : 0;
        }

        return moved;
    }

    /// <summary>The same, and told to nobody.</summary>
    [Benchmark(OperationsPerInvoke = Batch)]
    public int UpdateAndPublishToNobody() => UpdateAndPublish(_fanout);

    /// <summary>The same, and told to ten viewports of about 5 km.</summary>
    [Benchmark(OperationsPerInvoke = Batch)]
    public int UpdateAndPublishToTenViewports() => UpdateAndPublish(_watchedFanout);

    /// <summary>The ten nearest drivers within 2 km who can be offered a trip.</summary>
    [Benchmark(OperationsPerInvoke = Batch)]
    public int NearestTen()
    {
        int found = 0;
        DriverFilter filter = DriverFilter.ReadyForTrip with { MinFixedAtUnixMs = _time - 60_000 };
        foreach (GeoPoint center in _centers)
        {
            found += _index.Nearest(center, 2_000, filter, _found);
        }

        return found;
    }

    private Fix FixAt(GeoPoint place) => new()
    {
        FixedAtUnixMs = _time,
        LatitudeE7 = (int)(place.LatitudeDegrees * 1e7),
        LongitudeE7 = (int)(place.LongitudeDegrees * 1e7),
        HorizontalAccuracyMeters = 5,
    };

    private int UpdateAndPublish(PositionFanout fanout)
    {
        int moved = 0;
        for (int i = 0; i < Batch; i++)
        {
            if (_index.Update(Next(out Fix fix), fix, out DriverChange change))
            {
                fanout.Publish(change);
                moved++;
            }
        }

        return moved;
    }

    private int Next(out Fix fix)
    {
        fix = NextFix(out int slot);
        return slot;
    }

    // Each driver in turn, there and back.
    private ref Fix NextFix(out int slot)
    {
        slot = _next % Drivers;
        ref Fix fix = ref _fixes[_next / Drivers % 2][slot];
        _next = (_next + 1) % (2 * Drivers);
        fix.FixedAtUnixMs = ++_time;
        return ref fix;
    }
}
