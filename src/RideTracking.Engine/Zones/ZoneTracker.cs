using RideTracking.Engine.Geo;
using RideTracking.Engine.Index;
using RideTracking.Engine.Ingest;

namespace RideTracking.Engine.Zones;

/// <summary>
/// Who is in which zone, and what becomes an event. Thread-safe: different drivers do not wait for each other; what is
/// done for one driver is done one after the other, under that driver's own lock, which is not held when a method
/// returns. Events are appended to the caller's list; nothing else is allocated when nothing changes.
/// </summary>
/// <param name="slots">Names the drivers of slots, for the events' ids.</param>
/// <param name="zones">The zones to begin with.</param>
/// <param name="limits">How sure a driver must be in or out.</param>
public sealed partial class ZoneTracker(DriverSlots slots, ZoneSet zones, ZoneTrackerLimits limits)
{
    // How a line is moved to see whether it passes however wrong it is, in shares of its error: not to its two ends alone, or one
    // between two parts of a zone would pass by way of both.
    private static readonly double[] Sideways = [0, -1, -0.5, 0.5, 1];

    // Zones whose border the way to a fix crosses: of one call.
    [ThreadStatic]
    private static List<int>? _crossed;

    private readonly SlotTable<DriverZones?> _drivers = new();
    private volatile Applied _applied = new(zones, 0);
    private long _lateFixesUnjudged;

    /// <summary>Late fixes that fell into no remembered silence, or into one about which too much was told already.</summary>
    public long LateFixesUnjudged => Interlocked.Read(ref _lateFixesUnjudged);

    /// <summary>The zones that drivers are judged by from now on.</summary>
    public ZoneSet Zones => _applied.Set;

    /// <summary>Judges a fix that passed the gate. A rejected one changes nothing.</summary>
    /// <param name="slot">The driver's.</param>
    /// <param name="sessionId">The app's own name of its session; part of the events' ids.</param>
    /// <param name="fix">With its time by the server's clock.</param>
    /// <param name="outcome">The gate's.</param>
    /// <param name="events">Gets what happened, in order.</param>
    public void Observe(int slot, string sessionId, in Fix fix, FixOutcome outcome, List<ZoneEvent> events)
    {
        if (outcome is not (FixOutcome.Accepted or FixOutcome.HistoryOnly))
        {
            return;
        }

        DriverZones driver = DriverOf(slot);
        lock (driver)
        {
            CatchUp(driver, slot, events);
            if (outcome == FixOutcome.Accepted)
            {
                // A parked car is where it was, whatever its noise says.
                Accept(driver, slot, sessionId, fix.IsParked && driver.Last is { } stands ? fix.At(stands.Place) : fix, events);
            }
            else if (!fix.IsParked)
            {
                Repair(driver, slot, sessionId, fix, events);
            }
        }
    }

    /// <summary>
    /// Ends the visits of a driver who was not heard for too long. The next accepted fix begins anew.
    /// </summary>
    /// <param name="slot">The driver's.</param>
    /// <param name="atUnixMs">When that was found, by the server's clock.</param>
    /// <param name="events">Gets the exits.</param>
    public void GoStale(int slot, long atUnixMs, List<ZoneEvent> events) =>
        EndAll(slot, atUnixMs, ZoneEventCause.WentStale, events);

    /// <summary>Ends the visits of a driver who went offline by choice. Late fixes of later times are not judged.</summary>
    /// <inheritdoc cref="GoStale"/>
    public void SignOff(int slot, long atUnixMs, List<ZoneEvent> events) =>
        EndAll(slot, atUnixMs, ZoneEventCause.SignedOff, events);

    /// <summary>
    /// Tells the dwell events that are due, and what a changed set of zones means for drivers who are not moving. To be
    /// called again and again, chunk by chunk, by one thread.
    /// </summary>
    /// <param name="fromSlot">The first slot: 0, or what the last call returned.</param>
    /// <param name="count">How many slots to look at, from 1.</param>
    /// <param name="nowUnixMs">By the server's clock.</param>
    /// <param name="events">Gets what happened.</param>
    /// <param name="mayJudge">Whether a slot's driver is to be judged here; all are without it.</param>
    /// <returns>The slot to go on from; 0 at the end.</returns>
    public int Sweep(int fromSlot, int count, long nowUnixMs, List<ZoneEvent> events, Predicate<int>? mayJudge = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        int end = (int)Math.Min((long)fromSlot + count, _drivers.Capacity);
        for (int slot = Math.Max(fromSlot, 0); slot < end; slot++)
        {
            if (_drivers[slot] is { } driver && (mayJudge is null || mayJudge(slot)))
            {
                lock (driver)
                {
                    CatchUp(driver, slot, events);
                    foreach (OpenVisit visit in driver.Visits)
                    {
                        TellDwell(driver, slot, visit, nowUnixMs, events);
                    }
                }
            }
        }

        return end < _drivers.Capacity ? end : 0;
    }

    /// <summary>How many zones a driver is in, as told so far.</summary>
    public int VisitsOf(int slot)
    {
        if (!_drivers.Contains(slot) || _drivers[slot] is not { } driver)
        {
            return 0;
        }

        lock (driver)
        {
            return driver.Visits.Count;
        }
    }

    private void Accept(DriverZones driver, int slot, string sessionId, in Fix fix, List<ZoneEvent> events)
    {
        if (driver.Last is { } last && fix.FixedAtUnixMs < last.AtUnixMs)
        {
            return; // A repeat after a restart: the state that was put back knows it.
        }

        EndSilence(driver, sessionId, fix);
        ZoneSet set = driver.Set!;
        GeoPoint place = fix.Point;
        driver.FixFollows = driver.IsPresent && driver.Last is { } before
            && fix.FixedAtUnixMs - before.AtUnixMs <= limits.SilenceAfter.TotalMilliseconds;
        List<int> crossed = _crossed ??= [];
        crossed.Clear();
        bool isSure = driver.FixFollows && (driver.Last!.Place == place || set.Cross(driver.Last.Place, place, crossed));
        if (isSure && driver.SettledIn == set)
        {
            driver.See(sessionId, fix); // Most fixes: nothing can have changed.
            return;
        }

        Span<int> room = set.MaxZonesAtOnce <= 64 ? stackalloc int[set.MaxZonesAtOnce] : new int[set.MaxZonesAtOnce];
        ReadOnlySpan<int> inside = room[..set.Containing(place, room)];
        bool isSettled = driver.Pending.Count == 0 && crossed.Count == 0 && IsAsTold(driver, inside);
        if (!isSettled)
        {
            if (!driver.FixFollows)
            {
                ForgetExcursions(driver);
            }

            Compare(driver, slot, sessionId, fix, inside, crossed, events);
        }

        driver.SettledIn = isSettled ? set : null;
        driver.IsPresent = true;
        driver.See(sessionId, fix);
    }

    private static bool IsAsTold(DriverZones driver, ReadOnlySpan<int> inside)
    {
        if (driver.Visits.Count != inside.Length)
        {
            return false;
        }

        for (int i = 0; i < inside.Length; i++)
        {
            if (driver.Visits[i].Zone != inside[i])
            {
                return false;
            }
        }

        return true;
    }

    private void EndAll(int slot, long atUnixMs, ZoneEventCause cause, List<ZoneEvent> events)
    {
        if (!_drivers.Contains(slot) || _drivers[slot] is not { } driver)
        {
            return;
        }

        lock (driver)
        {
            CatchUp(driver, slot, events);
            if (driver.Last is not { } last)
            {
                return;
            }

            long at = Math.Max(atUnixMs, last.AtUnixMs);
            var end = Sighting.Of(last.SessionId, last.Sequence, at, last.Place);
            if (driver.IsPresent)
            {
                driver.OpenSilence = new Silence(last.AtUnixMs, InsideOf(driver));
                driver.IsPresent = false;
                driver.Pending.Clear();
                foreach (OpenVisit visit in driver.Visits)
                {
                    TellDwell(driver, slot, visit, at, events);
                    Tell(driver, slot, driver.Set!.Zones[visit.Zone], ZoneEventKind.Exit, cause, end, events);
                }

                driver.Visits.Clear();
            }

            if (cause == ZoneEventCause.SignedOff && driver.OpenSilence is { } silence)
            {
                silence.End = end;
                driver.Keep(silence, limits.SilencesKept);
                driver.OpenSilence = null;
            }
        }
    }

    private void Enter(
        DriverZones driver, int slot, int number, ZoneEventCause cause, Sighting at, List<ZoneEvent> events)
    {
        Zone zone = driver.Set!.Zones[number];
        Guid id = Tell(driver, slot, zone, ZoneEventKind.Enter, cause, at, events);
        driver.AddVisit(number, new ZoneVisit(
            zone.Id, zone.Version, zone.Kind, at.AtUnixMs, id, at.SessionId, at.Sequence, DwellTold: false));
    }

    private void Leave(DriverZones driver, int slot, OpenVisit visit, Sighting at, List<ZoneEvent> events)
    {
        TellDwell(driver, slot, visit, at.AtUnixMs - 1, events);
        driver.Visits.Remove(visit);
        Tell(driver, slot, driver.Set!.Zones[visit.Zone], ZoneEventKind.Exit, ZoneEventCause.Left, at, events);
    }

    private void TellDwell(DriverZones driver, int slot, OpenVisit visit, long untilUnixMs, List<ZoneEvent> events)
    {
        Zone zone = driver.Set!.Zones[visit.Zone];
        if (visit.Told.DwellTold || zone.Dwell is not { } dwell)
        {
            return;
        }

        // Somebody who may have left before it was due is not told to have stayed, until that is sure.
        long due = visit.Told.EnteredAtUnixMs + (long)dwell.TotalMilliseconds;
        PendingChange? doubt = driver.FindPending(visit.Zone, enters: false);
        if (due <= untilUnixMs && !(doubt?.First?.AtUnixMs <= due))
        {
            if (doubt?.Excursion?.Begin.AtUnixMs <= due)
            {
                doubt.Excursion = null; // Seen inside again since, and told to have stayed: nothing is told of before that any more.
            }

            visit.Told = visit.Told with { DwellTold = true };
            Tell(driver, slot, zone, ZoneEventKind.Dwell, ZoneEventCause.Unspecified,
                Sighting.Of(visit.Told.SessionId, visit.Told.Sequence, due, driver.Last!.Place), events);
        }
    }

    private Guid Tell(
        DriverZones driver, int slot, Zone zone, ZoneEventKind kind, ZoneEventCause cause, Sighting at, List<ZoneEvent> events,
        bool late = false, Guid? corrects = null) =>
        Tell(driver, slot, zone.Id, zone.Version, zone.Kind, kind, cause, at, at, events, late, corrects);

    private Guid Tell(
        DriverZones driver, int slot, string zoneId, long zoneVersion, ZoneKind zoneKind, ZoneEventKind kind, ZoneEventCause cause,
        Sighting at, Sighting learntFrom, List<ZoneEvent> events, bool late = false, Guid? corrects = null)
    {
        Guid id = ZoneEventId.Of(
            slots.IdOf(slot), learntFrom.SessionId, learntFrom.Sequence, zoneId, zoneVersion, kind);
        events.Add(new ZoneEvent
        {
            Id = id,
            Ordinal = ++driver.Ordinal,
            Slot = slot,
            ZoneId = zoneId,
            ZoneVersion = zoneVersion,
            ZoneKind = zoneKind,
            Kind = kind,
            Cause = cause,
            HappenedAtUnixMs = at.AtUnixMs,
            Place = at.Place,
            SessionId = learntFrom.SessionId,
            Sequence = learntFrom.Sequence,
            Late = late,
            Corrects = corrects,
        });
        if (kind != ZoneEventKind.Dwell)
        {
            driver.Note(new Transition(zoneId, at.AtUnixMs, kind == ZoneEventKind.Enter, id));
        }

        return id;
    }

    private DriverZones DriverOf(int slot)
    {
        ref DriverZones? place = ref _drivers.GetOrAdd(slot);
        if (place is { } known)
        {
            return known;
        }

        var added = new DriverZones { Set = _applied.Set };
        return Interlocked.CompareExchange(ref place, added, null) ?? added;
    }

    private static string[] InsideOf(DriverZones driver) => [.. driver.Visits.Select(visit => visit.Told.ZoneId)];

    private sealed record Applied(ZoneSet Set, long AtUnixMs);
}
