using System.Globalization;
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
        var store = app.Services.GetRequiredService<RedisStore>();
        await store.StartAsync(CancellationToken.None);
        await using var output = new StreamWriter(Console.OpenStandardOutput());
        await output.WriteLineAsync("driver,session,sequence,outcome,fixed_at_unix_ms,sensor_time_unix_ms,latitude,longitude,speed_meters_per_second,course_degrees");
        await foreach (var (driverId, sessionId, fix, outcome, _) in app.Services.GetRequiredService<LogReader>().ReadAsync())
        {
            await output.WriteLineAsync(string.Create(
                CultureInfo.InvariantCulture,
                $"{driverId},{sessionId},{fix.Sequence},{outcome},{fix.FixedAtUnixMs},{fix.SensorTimeUnixMs},{fix.Point.LatitudeDegrees:F7},{fix.Point.LongitudeDegrees:F7},{fix.SpeedMetersPerSecond},{fix.CourseDegrees}"));
        }

        if (store.Unreadable.Count > 0)
        {
            await Console.Error.WriteLineAsync($"{store.Unreadable.Count} batches of the log cannot be read, and were left out.");
            return 1;
        }

        return 0;
    }
}
