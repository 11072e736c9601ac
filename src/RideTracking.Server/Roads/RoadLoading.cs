using Microsoft.Extensions.Options;
using RideTracking.Engine.Geo;
using RideTracking.Engine.Roads;
using RideTracking.Engine.Roads.Graph;
using RideTracking.Engine.Roads.Osm;
using RideTracking.Engine.Roads.Routing;
using RideTracking.Engine.Zones;
using RideTracking.Server.Areas;
using RideTracking.Server.Hosting;

namespace RideTracking.Server.Roads;

/// <summary>
/// Reads the roads while the server already serves: from the data folder when they were imported before from the same
/// file, else from the file itself. Without usable roads the server goes on with straight lines.
/// </summary>
internal sealed partial class RoadLoading(
    Area area, CityRoads city, RoadTimes times, IOptions<RoadOptions> options, IOptions<DataOptions> data, ILogger<RoadLoading> logger)
    : BackgroundService
{
    /// <summary>Completes when the roads are in use, or cannot be.</summary>
    public Task Done => ExecuteTask ?? Task.CompletedTask;

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => options.Value.File switch
    {
        "" => Task.CompletedTask,
        RoadOptions.Demo => OnceAsync(UseDemo, stoppingToken),
        var file => OnceAsync(() => UseFile(file, stoppingToken), stoppingToken),
    };

    // Not again when it fails: the same file would fail the same way.
    private Task<LookOutcome> OnceAsync(Action work, CancellationToken stopping) =>
        area.Loop("road_loading").LookAsync(_ => Task.Run(() => Try(work), stopping), stopping);

    private void Try(Action work)
    {
        try
        {
            work();
        }
        catch (Exception e)
        {
            // The loop would say that it is tried again later.
            LogFailed(e);
        }
    }

    private void UseDemo()
    {
        var plan = new StreetGridPlan
        {
            Center = new GeoPoint(options.Value.DemoLatitude, options.Value.DemoLongitude),
            WidthMeters = options.Value.DemoSizeMeters,
            HeightMeters = options.Value.DemoSizeMeters,
        };
        var graph = StreetGrid.Build(plan);
        Use(graph, RoadHierarchy.Build(graph));
    }

    private void UseFile(string file, CancellationToken stopping)
    {
        try
        {
            using var extract = File.OpenRead(file);
            var cut = RoadCut.Read(options.Value.CutTo);
            var source = RoadSource.Of(extract, options.Value.User, cut.Text);
            var folder = Directory.CreateDirectory(Path.Combine(data.Value.DataFolder, "roads")).FullName;
            var graph = Cached(Path.Combine(folder, "graph.bin"), from => RoadGraphFile.Read(from, source)) ?? Import(extract, source, cut, folder, stopping);
            var hierarchy = Cached(Path.Combine(folder, "order.bin"), from => RoadHierarchy.Read(from, graph)) ?? Prepare(graph, folder);
            Use(graph, hierarchy);
        }
        catch (Exception e) when (e is RoadFileException or ZoneGeometryException or IOException or UnauthorizedAccessException)
        {
            LogUnusable(file, e.Message);
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // The server stops; the next one imports anew.
        }
    }

    private RoadGraph Import(Stream extract, RoadSource source, RoadCut cut, string folder, CancellationToken stopping)
    {
        LogImporting(options.Value.File, source.Length / 1e6);
        var import = OsmImporter.Import(extract, source.User, cut.Area, new TenthByTenth<RoadImportProgress>(TimeProvider.System, each => each.Fraction, (percent, each) => LogProgress(percent, each.Stage)), stopping);
        Keep(Path.Combine(folder, "graph.bin"), to => RoadGraphFile.Write(to, import.Graph, source));
        LogImported(import.Report.RoadKilometers, import.Report.RestrictionsApplied, import.Report.User);
        Tell("Turn restrictions", import.Report.RestrictionsIgnored);
        Tell("Conditions of roads and gates", import.Report.ConditionsLeftOut);
        return import.Graph;
    }

    // What the map says and routes do not heed is told by its reasons.
    private void Tell(string what, IReadOnlyDictionary<string, int> leftOut)
    {
        if (leftOut.Count > 0)
        {
            LogLeftOut(what, leftOut.Values.Sum(), string.Join("; ", leftOut.Select(each => $"{each.Key}: {each.Value}")));
        }
    }

    private RoadHierarchy Prepare(RoadGraph graph, string folder)
    {
        LogPreparing(graph.EdgeCount);
        var hierarchy = RoadHierarchy.Build(graph, new TenthByTenth<double>(TimeProvider.System, done => done, (percent, _) => LogPrepared(percent)));
        Keep(Path.Combine(folder, "order.bin"), hierarchy.Write);
        return hierarchy;
    }

    private void Use(RoadGraph graph, RoadHierarchy hierarchy)
    {
        var index = new RoadIndex(graph);
        var router = new RoadRouter(hierarchy, RoadMetric.FreeFlow(graph));
        var roads = new RoadsInUse(index, router, new RoadNetworkRouter(index, router, city.Straight, options.Value.StopAtKerbSide));
        times.Use(roads);
        city.Use(roads);
        LogReady(graph.SegmentCount);
    }

    // Null when there is none, or it is of another file or version, or damaged: then it is made anew.
    private T? Cached<T>(string path, Func<Stream, T> read)
        where T : class
    {
        if (!File.Exists(path))
        {
            return null;
        }

        try
        {
            using var file = File.OpenRead(path);
            return read(file);
        }
        catch (Exception e) when (e is RoadFileException or InvalidDataException)
        {
            LogStale(path, e.Message);
            return null;
        }
    }

    // Under another name first, so that a half-written file is never taken for a whole one.
    private static void Keep(string path, Action<Stream> write)
    {
        var half = path + ".tmp";
        using (var file = File.Create(half))
        {
            write(file);
        }

        File.Move(half, path, overwrite: true);
    }

    // So that nobody looks at a silent server for minutes, nor at a line for each of the tenths of a second.
    private sealed class TenthByTenth<T>(TimeProvider clock, Func<T, double> fraction, Action<int, T> tell) : IProgress<T>
    {
        private static readonly TimeSpan NotBefore = TimeSpan.FromSeconds(2);

        private readonly Lock _lock = new();
        private long _toldAt = clock.GetTimestamp();
        private int _told;

        public void Report(T value)
        {
            lock (_lock)
            {
                var tenth = (int)(fraction(value) * 10);
                if (tenth > _told && clock.GetElapsedTime(_toldAt) >= NotBefore)
                {
                    (_told, _toldAt) = (tenth, clock.GetTimestamp());
                    tell(tenth * 10, value);
                }
            }
        }
    }

    [LoggerMessage(LogLevel.Information, "Importing the roads of {File}, {Megabytes:F1} MB; until it is done routes are straight lines")]
    private partial void LogImporting(string file, double megabytes);

    [LoggerMessage(LogLevel.Information, "Importing roads: {Percent} % ({Stage})")]
    private partial void LogProgress(int percent, RoadImportStage stage);

    [LoggerMessage(LogLevel.Information, "Imported {Kilometers:F0} km of roads with {Restrictions} turn restrictions, as open to a {User}")]
    private partial void LogImported(double kilometers, int restrictions, RoadUser user);

    [LoggerMessage(LogLevel.Information, "{What} left out: {Count} ({Reasons})")]
    private partial void LogLeftOut(string what, int count, string reasons);

    [LoggerMessage(LogLevel.Information, "Preparing routes over {Edges} edges")]
    private partial void LogPreparing(int edges);

    [LoggerMessage(LogLevel.Information, "Preparing routes: {Percent} %")]
    private partial void LogPrepared(int percent);

    [LoggerMessage(LogLevel.Information, "The roads are ready: {Segments} stretches")]
    private partial void LogReady(int segments);

    [LoggerMessage(LogLevel.Information, "{Path} is made anew: {Why}")]
    private partial void LogStale(string path, string why);

    [LoggerMessage(LogLevel.Error, "The roads could not be read, so routes are straight lines until the server is started again")]
    private partial void LogFailed(Exception exception);

    [LoggerMessage(LogLevel.Error, "The roads of {File} cannot be used, so routes are straight lines: {Problem} Check Roads:File (--roads) and start again")]
    private partial void LogUnusable(string file, string problem);
}
