using RideTracking.Engine.Ingest;
using RideTracking.Server.Areas;
using RideTracking.Server.Directories;
using RideTracking.Server.Log;
using RideTracking.Server.Progress;
using RideTracking.Server.Store;
using RideTracking.Server.Store.Events;
using RideTracking.Server.Zones;

namespace RideTracking.Server.Drivers;

/// <summary>
/// The log as its feed tells it. What it has of each driver is known to every node; the fixes of other nodes' drivers go on to progress → index →
/// fan-out, as a fix of an own stream goes. They have passed the gate where they came in, and what zones and trips follow from them is that
/// node's to write.
/// </summary>
/// <remarks>Used by one thread at a time.</remarks>
internal sealed class ElsewhereFixes(
    Area area, LogWriter writer, LoggedDrivers drivers, SegmentConnections segment, CityFleet fleet, TripTracking trips, ZoneTracking zones, FleetTraits traits)
{
    /// <summary>Takes a batch of the log in.</summary>
    public void Apply(EventEntry entry)
    {
        if (area.Unreadable.Read(RecordKind.LogBatch, area.Keys.Log, $"{entry.At}", entry, ReadNew) is not { } batch)
        {
            return;
        }

        drivers.Take(batch, entry.At.Number);
        if (!writer.IsOwn(LogEntry.Of(entry).Writer))
        {
            Show(batch.Fixes);
        }
    }

    private void Show(List<LoggedFix> fixes)
    {
        foreach (var logged in fixes)
        {
            if (logged.Outcome == FixOutcome.Rejected)
            {
                continue;
            }

            if (!fleet.Slots.TryGet(logged.DriverId, out var slot))
            {
                slot = fleet.Slots.GetOrAdd(logged.DriverId);
                traits.Apply(logged.DriverId, slot);
            }

            zones.Heard(slot);
            trips.ObserveElsewhere(slot, logged.Fix, logged.Outcome);
            if (logged.Outcome == FixOutcome.Accepted && fleet.Index.Update(slot, logged.Fix, out var change))
            {
                fleet.Fanout.Publish(change);
            }
        }
    }

    // Nothing of a batch of this node's that was taken in already, but for what later ones refer to.
    private LoggedBatch? ReadNew(EventEntry entry)
    {
        var batch = LogEntry.Of(entry);
        if (!writer.IsOwn(batch.Writer) || !drivers.IsTaken(entry.At.Token))
        {
            return LogBatch.Read(batch, segment);
        }

        LogBatch.Open(batch, segment);
        return null;
    }
}
