using System.Globalization;
using RideTracking.Engine.Ingest;
using RideTracking.Server.Areas;
using RideTracking.Server.Hosting;
using RideTracking.Server.Log;
using RideTracking.Server.Store;
using RideTracking.Server.Store.Feeds;
using StackExchange.Redis;

namespace RideTracking.Server.Drivers;

/// <summary>
/// Once a second: the other nodes are told why drivers' newest fixes were rejected here, so that each can say why a driver has no position. Of a
/// driver what is newest is told, so what waits is bounded by the drivers. A node that comes later hears of the next ones.
/// </summary>
internal sealed class RejectsTelling(Area area, CityFleet fleet, LogWriter writer) : LoopService(area.MachineLoop("rejects_telling"), EverySecond)
{
    private const int AtOnce = 500;

    /// <summary>Takes in what a node has told: its writer, then driver, reason, limit, measure and time of each.</summary>
    internal void Hear(FeedChange change)
    {
        for (var at = 1; at < change.Parts.Count && !writer.IsOwn(change.Text(0)); at += 5)
        {
            fleet.Rejects.Hear(
                fleet.Slots.GetOrAdd(change.Text(at)),
                FixVerdict.Rejected((FixRejectReason)Number(change, at + 1), Number(change, at + 2), Number(change, at + 3)),
                DateTimeOffset.FromUnixTimeMilliseconds((long)Number(change, at + 4)));
        }
    }

    protected override async Task LookAsync(CancellationToken stopping)
    {
        var untold = fleet.Rejects.Untold(AtOnce);
        if (untold.Length > 0 && writer.HasListeners)
        {
            await area.Feed.RunAsync(area.Writes, StoreScript.Tell, [], ["rejected", writer.Id, .. untold.SelectMany(u => PartsOf(u.Key))]);
        }

        Array.ForEach(untold, fleet.Rejects.Told);
    }

    // Numbers as they are read again, to the last digit.
    private IEnumerable<RedisValue> PartsOf(int slot) =>
        fleet.Rejects.Of(slot) is var (verdict, at)
            ? [fleet.Slots.IdOf(slot), (int)verdict.Reason, Text(verdict.Limit), Text(verdict.Measured), at.ToUnixTimeMilliseconds()]
            : [];

    private static string Text(double number) => number.ToString("R", CultureInfo.InvariantCulture);

    private static double Number(FeedChange change, int part) => double.Parse(change.Text(part), CultureInfo.InvariantCulture);
}
