using RideTracking.Engine.Ingest;

namespace RideTracking.Engine.Zones;

public sealed partial class ZoneTracker
{
    private void Compare(
        DriverZones driver, int slot, string sessionId, in Fix fix, ReadOnlySpan<int> inside, List<int> crossed, List<ZoneEvent> events)
    {
        foreach (int zone in crossed)
        {
            NoteCrossing(driver, zone, inside.Contains(zone), sessionId, fix);
        }

        for (int i = driver.Pending.Count - 1; i >= 0; i--)
        {
            PendingChange pending = driver.Pending[i];
            if (inside.Contains(pending.Zone) != pending.Enters && IsBack(driver, slot, pending, sessionId, fix, events))
            {
                driver.Pending.RemoveAt(i);
            }
        }

        for (int i = driver.Visits.Count - 1; i >= 0; i--)
        {
            OpenVisit visit = driver.Visits[i];
            if (!inside.Contains(visit.Zone) && IsSure(driver, visit.Zone, enters: false, sessionId, fix) is { } first)
            {
                Leave(driver, slot, visit, first, events);
            }
        }

        foreach (int zone in inside)
        {
            if (driver.FindVisit(zone) < 0 && IsSure(driver, zone, enters: true, sessionId, fix) is { } first)
            {
                Enter(driver, slot, zone, ZoneEventCause.Moved, first, events);
            }
        }
    }

    /// <summary>The first of the fixes that agree on a change, once there is no doubt; null until then.</summary>
    private Sighting? IsSure(DriverZones driver, int zone, bool enters, string sessionId, in Fix fix)
    {
        Zone judgedBy = driver.Set!.Zones[zone];
        PendingChange? pending = driver.FindPending(zone, enters);
        bool isClear = IsClear(judgedBy, fix);
        if (isClear && pending is null)
        {
            return Sighting.Of(sessionId, fix);
        }

        if (pending is null)
        {
            driver.Pending.Add(pending = new PendingChange(zone, enters, judgedBy));
        }

        pending.First ??= Sighting.Of(sessionId, fix);
        pending.Fixes++;
        bool agreed = pending.Fixes >= limits.AgreeingFixes
            && fix.FixedAtUnixMs - pending.First.AtUnixMs >= limits.AgreeFor.TotalMilliseconds;
        if (agreed || isClear)
        {
            driver.Pending.Remove(pending);
            return pending.First;
        }

        if ((UnderWay(pending) ?? BeginExcursion(driver, pending, pending.First)) is { } excursion)
        {
            excursion.GoOn();
            excursion.Track.Add(fix.Point, fix.FixedAtUnixMs, AccuracyOf(fix));
        }

        return null;
    }

    /// <summary>
    /// The line from the last fix to this one meets a border. With one end on the other side, the fixes say it; with none, the
    /// driver seems to have been over there between them.
    /// </summary>
    private void NoteCrossing(DriverZones driver, int zone, bool isInside, string sessionId, in Fix fix)
    {
        bool isToldInside = driver.FindVisit(zone) >= 0;
        PendingChange? pending = driver.FindPending(zone, enters: !isToldInside);
        if (isInside != isToldInside || pending?.First is not null)
        {
            return;
        }

        Zone judgedBy = driver.Set!.Zones[zone];
        Sighting last = driver.Last!;
        judgedBy.Geometry.Border.Meets(last.Place, fix.Point, out double over, out double back);
        if (pending is null)
        {
            driver.Pending.Add(pending = new PendingChange(zone, !isToldInside, judgedBy));
        }

        Excursion? excursion = UnderWay(pending) ?? BeginExcursion(driver, pending, Sighting.Between(last, sessionId, fix, over));
        excursion?.EndAt(Sighting.Between(last, sessionId, fix, back));
    }

    /// <summary>A fix that is not on the other side any more: tells a whole way over and back, if that is what it was.</summary>
    /// <returns>Whether the change is pending no more.</returns>
    private bool IsBack(DriverZones driver, int slot, PendingChange pending, string sessionId, in Fix fix, List<ZoneEvent> events)
    {
        pending.ComeBack();
        if (pending.Excursion is not { } excursion)
        {
            return true;
        }

        if (excursion.End is null)
        {
            excursion.EndAt(Sighting.Of(sessionId, fix));
        }

        excursion.StayBack();
        if (excursion.FixesSinceEnd <= limits.AgreeingFixes)
        {
            excursion.Track.Add(fix.Point, fix.FixedAtUnixMs, AccuracyOf(fix));
        }

        bool agreed = excursion.FixesSinceEnd >= limits.AgreeingFixes
            && fix.FixedAtUnixMs - excursion.End!.AtUnixMs >= limits.AgreeFor.TotalMilliseconds;
        if (!agreed && !IsClear(pending.JudgedBy, fix))
        {
            return false;
        }

        if (IsPassage(pending, excursion, fix))
        {
            TellPassage(driver, slot, pending, excursion, events);
        }

        return true;
    }

    /// <summary>
    /// Whether the fixes prove that the driver went over there and back: they lie along a straight line that leads in at one side
    /// and out at another, and would if it ran beside itself by as much as it may be wrong. Of a standing car there is no line.
    /// </summary>
    private bool IsPassage(PendingChange pending, Excursion excursion, in Fix fix)
    {
        ZoneGeometry geometry = pending.JudgedBy.Geometry;
        if (excursion.Track.Fit(limits.ClearAccuracies) is not { } line
            || geometry.Contains(line.Beside(excursion.From, 0)) == pending.Enters
            || geometry.Contains(line.Beside(fix.Point, 0)) == pending.Enters)
        {
            return false;
        }

        long knownBest = Math.Clamp(line.MeanUnixMs, excursion.Begin.AtUnixMs, excursion.End!.AtUnixMs);
        double error = limits.ClearAccuracies * line.AccuracyMeters(knownBest);
        foreach (double share in Sideways)
        {
            if (!geometry.Border.Meets(
                line.Beside(excursion.From, share * error), line.Beside(fix.Point, share * error), out _, out _))
            {
                return false;
            }
        }

        return true;
    }

    private void TellPassage(DriverZones driver, int slot, PendingChange pending, Excursion excursion, List<ZoneEvent> events)
    {
        if (!pending.Enters)
        {
            Leave(driver, slot, driver.Visits[driver.FindVisit(pending.Zone)], excursion.Begin, events);
        }

        Enter(driver, slot, pending.Zone, ZoneEventCause.Moved, pending.Enters ? excursion.Begin : excursion.End!, events);
        if (pending.Enters)
        {
            Leave(driver, slot, driver.Visits[driver.FindVisit(pending.Zone)], excursion.End!, events);
        }
    }

    /// <summary>The excursion that goes on; null when there is none, or the driver has been back for some fixes.</summary>
    private Excursion? UnderWay(PendingChange pending) =>
        pending.Excursion is { } excursion && excursion.FixesSinceEnd < limits.AgreeingFixes ? excursion : null;

    /// <summary>Null when it is not known where the driver came from.</summary>
    private Excursion? BeginExcursion(DriverZones driver, PendingChange pending, Sighting begin)
    {
        if (!driver.FixFollows)
        {
            return null;
        }

        TrackPoint last = driver.Last!.Point, from = driver.LastFollows ? driver.BeforeLast : last;
        var track = new StraightTrack(from.Place, from.AtUnixMs);
        track.Add(from.Place, from.AtUnixMs, AccuracyOf(from.AccuracyMeters));
        if (driver.LastFollows)
        {
            track.Add(last.Place, last.AtUnixMs, AccuracyOf(last.AccuracyMeters));
        }

        return pending.Excursion = new Excursion(begin, from.Place, track);
    }

    private static void ForgetExcursions(DriverZones driver)
    {
        foreach (PendingChange pending in driver.Pending)
        {
            pending.Excursion = null;
        }
    }

    private bool IsClear(Zone zone, in Fix fix)
    {
        double margin = Math.Min(limits.ClearAccuracies * AccuracyOf(fix), limits.MaxClearMeters);
        return zone.Geometry.MetersToBorder(fix.Point, margin) >= margin;
    }

    private double AccuracyOf(in Fix fix) => AccuracyOf(fix.HorizontalAccuracyMeters);

    private double AccuracyOf(float accuracyMeters) =>
        float.IsNaN(accuracyMeters) ? limits.AssumedAccuracyMeters : accuracyMeters;
}
