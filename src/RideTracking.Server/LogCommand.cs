using System.Globalization;
using Microsoft.Extensions.Options;
using RideTracking.Server.Areas;
using RideTracking.Server.Hosting;
using RideTracking.Server.Log;
using RideTracking.Server.Store;

namespace RideTracking.Server;

/// <summary>The verb <c>log</c> of the server program: prints the fixes in the log as CSV, oldest batch first.</summary>
/// <remarks>With the embedded store it needs the data folder to itself; a Redis may be in use.</remarks>
internal static class LogCommand
{
    public static async Task<int> RunAsync(string[] args)
    {
        await using var app = RideTrackingServer.Build([.. args, "--environment", "Development"], builder => builder.Logging.ClearProviders());
        RequireStore(app.Services);
        var store = app.Services.GetRequiredService<RedisStore>();
        try
        {
            await store.StartAsync(CancellationToken.None);
            await PrintAsync(app.Services.GetRequiredService<AreaSet>().Home.Door<LogReader>());
        }
        catch (Exception e) when (StoreFailure.Of(e) is { Kind: not StoreFailureKind.Mistake } failure)
        {
            throw new StartException(
                failure.Kind == StoreFailureKind.Away ? "The store does not answer. Start it, or name another with --redis." : $"The store refuses to be read ({failure.Reason}).", e);
        }

        if (store.Unreadable.Count > 0)
        {
            await Console.Error.WriteLineAsync($"{store.Unreadable.Count} batches of the log cannot be read, and were left out.");
            return 1;
        }

        return 0;
    }

    // The store would be made where there is none, and its empty log be taken for the server's.
    private static void RequireStore(IServiceProvider services)
    {
        var folder = services.GetRequiredService<IOptions<DataOptions>>().Value.DataFolder;
        if (services.GetRequiredService<IOptions<StoreOptions>>().Value.Redis.Length == 0 && !Directory.Exists(EmbeddedStore.FolderIn(folder)))
        {
            throw new StartException($"There is no store in {Path.GetFullPath(folder)}. Name the server's data folder with --data, or its Redis with --redis.");
        }
    }

    private static async Task PrintAsync(LogReader log)
    {
        await using var output = new StreamWriter(Console.OpenStandardOutput());
        await output.WriteLineAsync("driver,session,sequence,outcome,fixed_at_unix_ms,sensor_time_unix_ms,latitude,longitude,speed_meters_per_second,course_degrees");
        await foreach (var logged in log.ReadAsync())
        {
            var (driverId, sessionId, outcome, fix) = (logged.DriverId, logged.SessionId, logged.Outcome, logged.Fix);
            await output.WriteLineAsync(string.Create(
                CultureInfo.InvariantCulture,
                $"{driverId},{sessionId},{fix.Sequence},{outcome},{fix.FixedAtUnixMs},{fix.SensorTimeUnixMs},{fix.Point.LatitudeDegrees:F7},{fix.Point.LongitudeDegrees:F7},{fix.SpeedMetersPerSecond},{fix.CourseDegrees}"));
        }
    }
}
