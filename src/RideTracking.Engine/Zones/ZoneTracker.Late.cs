using RideTracking.Engine.Ingest;

namespace RideTracking.Engine.Zones;

public sealed partial class ZoneTracker
{
    private void EndSilence(DriverZones driver, string sessionId, in Fix fix)
    {
        if (driver.OpenSilence is { } open)
        {
            open.End = Sighting.Of(sessionId, fix);
            driver.Keep(open, limits.SilencesKept);
            driver.OpenSilence = null;
        }
        else if (driver.IsPresent && fix.FixedAtUnixMs - driver.Last!.AtUnixMs > limits.SilenceAfter.TotalMilliseconds)
        {
            driver.Keep(
                new Silence(driver.Last.AtUnixMs, InsideOf(driver)) { End = Sighting.Of(sessionId, fix) }, limits.SilencesKept);
        }
    }

    /// <summary>
    /// Compares a late fix with what was told of its time. It says something only where it is clear of the border, and
    /// only in a silence: elsewhere the accepted fixes on both sides have said it. Where it says otherwise, the change
    /// that was told next in the silence becomes earlier; if there is none, the driver went over and back unseen. Late fixes
    /// in the order of their times, as apps send their buffers, leave what would have been told in time; in another
    /// order a coarser picture of the silence, right at both ends.
    /// </summary>
    private void Repair(DriverZones driver, int slot, string sessionId, in Fix fix, List<ZoneEvent> events)
    {
        long at = fix.FixedAtUnixMs;
        if (driver.Silences?.Find(each => each.Holds(at)) is not { } silence || silence.IsFull)
        {
            Interlocked.Increment(ref _lateFixesUnjudged);
            return;
        }

        ZoneSet set = driver.Set!;
        var seen = Sighting.Of(sessionId, fix);
        var concerned = new SortedSet<int>(silence.ZoneIds.Select(set.NumberOf));
        Span<int> room = new int[set.MaxZonesAtOnce];
        ReadOnlySpan<int> inside = room[..set.Containing(seen.Place, room)];
        foreach (int zone in inside)
        {
            concerned.Add(zone);
        }

        foreach (int zone in concerned)
        {
            bool isInside = inside.Contains(zone);
            if (zone >= 0 && isInside != silence.WasInside(set.Zones[zone].Id, at) && IsClear(set.Zones[zone], fix))
            {
                Correct(driver, slot, silence, zone, isInside, seen, events);
            }
        }
    }

    private void Correct(
        DriverZones driver, int slot, Silence silence, int number, bool isInside, Sighting seen, List<ZoneEvent> events)
    {
        Zone zone = driver.Set!.Zones[number];
        (ZoneEventKind kind, ZoneEventCause cause) = isInside
            ? (ZoneEventKind.Enter, ZoneEventCause.Moved)
            : (ZoneEventKind.Exit, ZoneEventCause.Left);
        if (silence.NextAfter(zone.Id, seen.AtUnixMs) is { } next)
        {
            silence.Forget(next);
            Guid id = Tell(driver, slot, zone, kind, cause, seen, events, late: true, corrects: next.EventId);
            if (driver.Visits.Find(visit => visit.Told.EnterId == next.EventId) is { } moved)
            {
                moved.Told = moved.Told with
                {
                    EnteredAtUnixMs = seen.AtUnixMs,
                    EnterId = id,
                    SessionId = seen.SessionId,
                    Sequence = seen.Sequence,
                };
            }
        }
        else if (driver.FindPending(number, isInside) is { First: { } first } pending && first.AtUnixMs == silence.End!.AtUnixMs)
        {
            pending.BeginAt(seen); // Not told yet, so there is nothing to correct.
        }
        else
        {
            Tell(driver, slot, zone, kind, cause, seen, events, late: true);
            (ZoneEventKind back, ZoneEventCause backCause) = isInside
                ? (ZoneEventKind.Exit, ZoneEventCause.Left)
                : (ZoneEventKind.Enter, ZoneEventCause.Moved);
            // Back again at the end of the silence, as was told all along; named by the late fix that it was learnt from.
            Guid id = Tell(
                driver, slot, zone.Id, zone.Version, zone.Kind, back, backCause, silence.End!, seen, events, late: true);
            int visit = driver.FindVisit(number);
            if (!isInside && visit >= 0 && driver.Visits[visit] is { } stay && stay.Told.EnteredAtUnixMs <= seen.AtUnixMs)
            {
                stay.Told = stay.Told with
                {
                    EnteredAtUnixMs = silence.End!.AtUnixMs,
                    EnterId = id,
                    SessionId = seen.SessionId,
                    Sequence = seen.Sequence,
                };
            }
        }
    }
}
