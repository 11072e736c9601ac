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
/// The fixes of other nodes' drivers, as the log's feed tells them: progress → index → fan-out, as a fix of an own stream goes. They have
/// passed the gate where they came in, and what zones and trips follow from them is that node's to write.
/// </summary>
/// <remarks>Used by one thread at a time.</remarks>
internal sealed class ElsewhereFixes(Area area, LogWriter writer, CityFleet fleet, TripTracking trips, ZoneTracking zones, FleetTraits traits)
{
    /// <summary>Takes a batch of the log in; one of this node's own says nothing new.</summary>
    public void Apply(EventEntry entry)
    {
        foreach (var logged in area.Unreadable.Read(RecordKind.LogBatch, area.Keys.Log, $"{entry.At}", entry, ReadElsewhere) ?? [])
        {
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

    private List<LoggedFix>? ReadElsewhere(EventEntry entry)
    {
        var batch = LogEntry.Of(entry);
        return writer.IsOwn(batch.Writer) ? null : LogBatch.Read(batch.Batch.Span);
    }
}
