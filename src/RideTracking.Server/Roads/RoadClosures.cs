using System.Collections.Immutable;
using Google.Protobuf;
using Grpc.Core;
using RideTracking.Engine.Roads.Routing;
using RideTracking.Server.Areas;
using RideTracking.Server.Hosting;
using RideTracking.Server.Protocol;
using RideTracking.Server.Store;
using StackExchange.Redis;

namespace RideTracking.Server.Roads;

/// <summary>
/// Closed and slowed roads: in the store, and in the times that routes are found by, on every node, as soon as the feed tells of them.
/// Thread-safe.
/// </summary>
internal sealed partial class RoadClosures : LoopService
{
    private readonly Area _area;
    private readonly CityRoads _city;
    private readonly RoadTimes _times;
    private readonly ILogger<RoadClosures> _logger;
    private readonly OnDemandLoop _heard;

    // One at a time looks what the store has, and one set of closures at a time is turned into times.
    private readonly SemaphoreSlim _looking = new(1);
    private readonly SemaphoreSlim _turn = new(1);
    private RedisValue _version = RedisValue.Null;
    private RedisValue _lower = RedisValue.Null;
    private RoadsInUse? _roads;
    private V1.SetRoadClosuresRequest _applied = new();
    private int _readAfter;

    public RoadClosures(Area area, CityRoads city, RoadTimes times, ILogger<RoadClosures> logger)
        : base(area.MachineLoop("road_closures"), EverySecond)
    {
        (_area, _city, _times, _logger) = (area, city, times, logger);
        _heard = new OnDemandLoop(Loop, "what was heard", () => LookInTurnAsync(CancellationToken.None));
    }

    /// <summary>Some node has changed them.</summary>
    internal void Hear() => _heard.Signal();

    /// <summary>The closures that hold.</summary>
    /// <exception cref="RedisException">The store is away.</exception>
    public async Task<V1.SetRoadClosuresRequest> ListAsync() =>
        (byte[]?)await _area.Trips.StringGetAsync(_area.Keys.RoadClosures) is { } kept ? V1.SetRoadClosuresRequest.Parser.ParseFrom(kept) : new();

    /// <summary>These hold from now on, and no others.</summary>
    /// <exception cref="RpcException">FAILED_PRECONDITION without roads; INVALID_ARGUMENT for a point without a road near it.</exception>
    /// <exception cref="RedisException">The store is away.</exception>
    public async Task<V1.SetRoadClosuresResponse> SetAsync(V1.SetRoadClosuresRequest closures)
    {
        if (_city.Current is not { } roads)
        {
            throw Refusal.Precondition(
                "NO_ROADS", "This server has no road map (Roads:File), or is still reading it, so there is nothing to close.").ToRpcException();
        }

        var check = new RequestCheck();
        var stretch = new RoadStretch(roads.Index);
        var found = closures.Closures.Select((closure, i) => EdgesOf(stretch, closure, check, $"closures[{i}]")).ToList();
        check.Pass();
        var reply = (RedisResult[])(await _area.Feed.RunAsync(
            _area.Writes, StoreScript.RoadClosures, [_area.Keys.RoadClosures, _area.Keys.RoadClosuresVersion], [closures.ToByteArray()]))!;
        await ApplyAsync(roads, (RedisValue)reply[1], closures, found);
        var response = new V1.SetRoadClosuresResponse();
        foreach (var (closure, edges) in closures.Closures.Zip(found))
        {
            var applied = new V1.AppliedRoadClosure { ClosureId = closure.ClosureId, RoadMeters = edges.Sum(roads.Graph.LengthMeters) };
            applied.StreetNames.AddRange(edges.Select(e => roads.Graph.NameOf(e >> 1)).Where(n => n.Length > 0).Distinct(StringComparer.Ordinal));
            response.Applied.Add(applied);
        }

        return response;
    }

    protected override Task LookAsync(CancellationToken stopping) => LookInTurnAsync(stopping);

    private async Task LookInTurnAsync(CancellationToken stopping)
    {
        await _looking.WaitAsync(stopping);
        try
        {
            await ReadAsync();
        }
        finally
        {
            _looking.Release();
        }
    }

    private async Task ReadAsync()
    {
        if (_city.Current is not { } roads)
        {
            return;
        }

        var restorations = _area.StoreRestorations;
        var version = await _area.Trips.StringGetAsync(_area.Keys.RoadClosuresVersion);
        if (version != _version || roads != _roads || restorations != _readAfter)
        {
            var closures = await ListAsync();
            // A store that is back, or was emptied, may have others under the same number.
            if (version != _version || roads != _roads || !closures.Equals(_applied))
            {
                await ApplyAsync(roads, version, closures, Find(roads, closures));
            }

            _readAfter = restorations;
        }
    }

    // Of the closures of the store: one that does not hold any more has no edges.
    private List<ImmutableArray<int>> Find(RoadsInUse roads, V1.SetRoadClosuresRequest closures)
    {
        if (closures.Closures.Count == 0)
        {
            return [];
        }

        var stretch = new RoadStretch(roads.Index);
        var found = new List<ImmutableArray<int>>();
        foreach (var closure in closures.Closures)
        {
            var check = new RequestCheck();
            ImmutableArray<int> edges = [];
            Loop.Try(closure.ClosureId, closure, c => edges = EdgesOf(stretch, c, check, c.ClosureId));
            found.Add(edges);
            if (check.Fault is { } fault)
            {
                // It held on other roads: the map was exchanged since.
                LogUnusable(closure.ClosureId, fault.Message);
            }
        }

        return found;
    }

    private async Task ApplyAsync(RoadsInUse roads, RedisValue version, V1.SetRoadClosuresRequest closures, List<ImmutableArray<int>> found)
    {
        await _turn.WaitAsync();
        try
        {
            if (roads == _roads && version == _version && closures.Equals(_applied))
            {
                return; // Heard of while it was set here.
            }

            if (roads == _roads && _version.HasValue && (long)version < (long)_version && version != _lower)
            {
                // Read before what was just set. If it is so again, the store has lost what was set since.
                _lower = version;
                return;
            }

            if (_roads != roads && closures.Closures.Count == 0)
            {
                (_version, _lower, _roads, _applied) = (version, RedisValue.Null, roads, closures);
                return;
            }

            _times.SetChanges(roads, [.. closures.Closures.Zip(found, (closure, edges) => edges.Select(
                edge => closure.MaxSpeedKmh == 0 ? RoadChange.Closed(edge) : RoadChange.AtMost(edge, closure.MaxSpeedKmh))).SelectMany(c => c)]);
            (_version, _lower, _roads, _applied) = (version, RedisValue.Null, roads, closures);
        }
        finally
        {
            _turn.Release();
        }

        _city.TellChanged();
    }

    private static ImmutableArray<int> EdgesOf(RoadStretch stretch, V1.RoadClosure closure, RequestCheck check, string field)
    {
        var fault = stretch.Find(
            [.. closure.Path.Select(p => p.ToPoint())], closure.BothDirections, out var edges);
        check.Require(
            fault < 0, $"{field}.path[{fault}]", $"must be within {RoadStretch.MaxMeters} m of a road, and reached by roads from the point before");
        return edges;
    }

    [LoggerMessage(LogLevel.Warning, "The closure {ClosureId} does not hold: {Problem}")]
    private partial void LogUnusable(string closureId, string problem);
}
