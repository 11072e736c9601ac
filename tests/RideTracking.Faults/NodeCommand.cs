using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using RideTracking.Faults.Plants;
using RideTracking.Faults.Processes;
using RideTracking.Server;
using RideTracking.Server.Hosting;
using RideTracking.Server.Store;

namespace RideTracking.Faults;

/// <summary>The verb <c>node</c>: the server as it is, but for the mistake that is planted and its machine's clock.</summary>
internal static class NodeCommand
{
    public const string Verb = "node";

    /// <summary>What takes minutes in a city takes seconds here.</summary>
    public static readonly string[] Settings =
    [
        "--Streams:AckInterval", "00:00:01", "--Streams:AckEveryFixes", "16",
        "--Log:SegmentLength", "00:00:05",
        // A store that is full refuses; before that the log would go early, and the checker wants all of it.
        "--Store:MemoryLimitMegabytes", "1000000",
        "--Trips:OfferWindow", "00:00:05", "--Trips:SearchTimeout", "00:00:25", "--Trips:CoolDown", "00:00:01", "--Trips:MaxCoolDown", "00:00:05",
        "--Trips:LostDriverTimeout", "00:00:12", "--Trips:MaxDuration", "00:01:30",
        "--Matching:TickInterval", "00:00:00.5", "--Matching:ScarceTickInterval", "00:00:01",
    ];

    /// <summary>Serves until it is told to stop.</summary>
    /// <param name="args">The number of the planted mistake, the clock's offset in milliseconds, the newest form of records, and the server's own.</param>
    public static async Task<int> RunAsync(string[] args)
    {
        Plant.Of(int.Parse(args[0], CultureInfo.InvariantCulture))?.InNode();
        var offset = TimeSpan.FromMilliseconds(double.Parse(args[1], CultureInfo.InvariantCulture));
        var newest = int.Parse(args[2], CultureInfo.InvariantCulture);
        await using var app = RideTrackingServer.Build(args[3..], builder =>
        {
            builder.Services.AddSingleton(s => new RecordFormat(newest, s.GetRequiredService<IOptions<StoreOptions>>().Value.MaxRecordForm));
            if (offset != TimeSpan.Zero)
            {
                builder.Services.AddKeyedSingleton<TimeProvider>(Clock.MachineClock, new OffsetClock(offset));
            }
        });
        return await ServerCommands.ServeAsync(app);
    }
}
