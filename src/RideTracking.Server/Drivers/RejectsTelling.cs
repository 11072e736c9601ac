using System.Globalization;
using RideTracking.Engine.Ingest;
using RideTracking.Server.Areas;
using RideTracking.Server.Hosting;
using RideTracking.Server.Log;
using RideTracking.Server.Store;
using RideTracking.Server.Store.Feeds;
using RideTracking.Server.Telemetry;
using StackExchange.Redis;

namespace RideTracking.Server.Drivers;

/// <summary>
/// Once a second: the other nodes are told why drivers' newest fixes were rejected here, so that each can say why a driver has no position. Of a
/// driver what is newest is told, so what waits is bounded by the drivers. A node that comes later hears of the next ones.
/// </summary>
internal sealed class RejectsTelling : LoopService
{
    private const int AtOnce = 500;

    private readonly Area _area;
    private readonly CityFleet _fleet;
    private readonly LogWriter _writer;

    public RejectsTelling(Area area, CityFleet fleet, LogWriter writer, AreaMeter meter)
        : base(area.MachineLoop("rejects_telling"), EverySecond)
    {
        (_area, _fleet, _writer) = (area, fleet, writer);
        meter.Gauge(
            "ridetracking.drivers.unseen", "{driver}",
            "Drivers who hold a stream open and of whom ten fixes or more in a row were rejected: GetFleetDriver says why.", () => fleet.CountUnseen());
    }

    /// <summary>Takes in what a node has told: its writer, then driver, reason, limit, measure, time, and how many in a row and of the last of each.</summary>
    internal void Hear(FeedChange change)
    {
        for (var at = 1; at < change.Parts.Count && !_writer.IsOwn(change.Text(0)); at += 7)
        {
            _fleet.Rejects.Hear(
                _fleet.Slots.GetOrAdd(change.Text(at)),
                new LastReject(
                    FixVerdict.Rejected((FixRejectReason)Number(change, at + 1), Number(change, at + 2), Number(change, at + 3)),
                    DateTimeOffset.FromUnixTimeMilliseconds((long)Number(change, at + 4)),
                    (int)Number(change, at + 5),
                    (int)Number(change, at + 6)));
        }
    }

    protected override async Task LookAsync(CancellationToken stopping)
    {
        var untold = _fleet.Rejects.Untold(AtOnce);
        if (untold.Length > 0 && _writer.HasListeners)
        {
            await _area.Feed.RunAsync(_area.Writes, StoreScript.Tell, [], ["rejected", _writer.Id, .. untold.SelectMany(u => PartsOf(u.Key))]);
        }

        Array.ForEach(untold, _fleet.Rejects.Told);
    }

    // Numbers as they are read again, to the last digit.
    private IEnumerable<RedisValue> PartsOf(int slot) =>
        _fleet.Rejects.Of(slot) is var (verdict, at, inARow, ofLast)
            ? [_fleet.Slots.IdOf(slot), (int)verdict.Reason, Text(verdict.Limit), Text(verdict.Measured), at.ToUnixTimeMilliseconds(), inARow, ofLast]
            : [];

    private static string Text(double number) => number.ToString("R", CultureInfo.InvariantCulture);

    private static double Number(FeedChange change, int part) => double.Parse(change.Text(part), CultureInfo.InvariantCulture);
}
