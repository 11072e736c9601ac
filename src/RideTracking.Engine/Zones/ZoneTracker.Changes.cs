using System.Collections.Immutable;

namespace RideTracking.Engine.Zones;

public sealed partial class ZoneTracker
{
    /// <summary>
    /// Makes drivers judged by another set of zones: each at its next fix, or when <see cref="Sweep"/> comes by. Those
    /// who stay inside a changed zone are told nothing. One caller at a time.
    /// </summary>
    /// <param name="zones">The whole new set.</param>
    /// <param name="atUnixMs">When the zones changed, by the server's clock; the time of the events that it makes.</param>
    public void Apply(ZoneSet zones, long atUnixMs)
    {
        ArgumentNullException.ThrowIfNull(zones);
        _applied = new Applied(zones, atUnixMs);
    }

    /// <summary>What must be kept of a driver for <see cref="Restore"/>; null when nothing is known.</summary>
    public DriverZoneState? Save(int slot)
    {
        if (!_drivers.Contains(slot) || _drivers[slot] is not { } driver)
        {
            return null;
        }

        lock (driver)
        {
            return driver.Last is not { } last
                ? null
                : new DriverZoneState(
                    [.. driver.Visits.Select(visit => visit.Told)], last.AtUnixMs, last.Place, last.SessionId, last.Sequence,
                    driver.Ordinal, driver.IsPresent);
        }
    }

    /// <summary>
    /// Puts a driver's state back, before its first fix. Zones that changed meanwhile are told with the next fix or sweep.
    /// Changes that were not sure yet, and silences before the restart, are forgotten.
    /// </summary>
    /// <returns>False, and no change, when the driver is known already.</returns>
    public bool Restore(int slot, DriverZoneState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        DriverZones driver = DriverOf(slot);
        lock (driver)
        {
            if (driver.Last is not null)
            {
                return false;
            }

            Put(driver, state);
            return true;
        }
    }

    /// <summary>Takes over what another tracker has found of a driver, in place of what is here.</summary>
    /// <param name="slot">The driver.</param>
    /// <param name="state">As that tracker's <see cref="Save"/> gave it.</param>
    public void Replace(int slot, DriverZoneState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        DriverZones driver = DriverOf(slot);
        lock (driver)
        {
            driver.Visits.Clear();
            driver.Pending.Clear();
            Put(driver, state);
        }
    }

    private static void Put(DriverZones driver, DriverZoneState state)
    {
        (driver.Set, driver.SettledIn) = (null, null);
        driver.Last = Sighting.Of(state.SessionId, state.Sequence, state.FixedAtUnixMs, state.Place);
        driver.LastFollows = false;
        driver.IsPresent = state.IsPresent;
        driver.Ordinal = state.LastOrdinal;
        driver.Visits.AddRange(state.Visits.Select(visit => new OpenVisit(-1) { Told = visit }));
    }

    /// <summary>Judges a driver by the newest set of zones, from where it was last seen.</summary>
    private void CatchUp(DriverZones driver, int slot, List<ZoneEvent> events)
    {
        Applied applied = _applied;
        if (!ReferenceEquals(driver.Set, applied.Set))
        {
            JudgeAgain(driver, slot, applied, events);
        }
    }

    private void JudgeAgain(DriverZones driver, int slot, Applied applied, List<ZoneEvent> events)
    {
        ZoneSet? before = driver.Set;
        driver.Set = applied.Set;
        // What was told in them was judged by other zones.
        driver.Silences = null;
        driver.OpenSilence = null;
        KeepPending(driver);
        if (driver.Last is not { } last)
        {
            return;
        }

        var at = Sighting.Of(last.SessionId, last.Sequence, Math.Max(applied.AtUnixMs, last.AtUnixMs), last.Place);
        foreach (OpenVisit visit in driver.Visits)
        {
            JudgeAgain(driver, slot, visit, at, events);
        }

        driver.Visits.RemoveAll(visit => visit.Zone < 0);
        driver.Visits.Sort((a, b) => a.Zone.CompareTo(b.Zone));
        if (!driver.IsPresent || before is null)
        {
            return;
        }

        ImmutableArray<Zone> inside = applied.Set.Containing(last.Place);
        foreach (Zone zone in inside.Where(zone => before.Find(zone.Id)?.Version != zone.Version))
        {
            int number = applied.Set.NumberOf(zone.Id);
            if (driver.FindVisit(number) < 0)
            {
                Enter(driver, slot, number, ZoneEventCause.ZoneChanged, at, events);
            }
        }
    }

    private static void KeepPending(DriverZones driver)
    {
        foreach (PendingChange pending in driver.Pending)
        {
            int number = driver.Set!.NumberOf(pending.JudgedBy.Id);
            pending.Zone = number >= 0 && driver.Set.Zones[number].Version == pending.JudgedBy.Version ? number : -1;
        }

        driver.Pending.RemoveAll(pending => pending.Zone < 0);
    }

    private void JudgeAgain(DriverZones driver, int slot, OpenVisit visit, Sighting at, List<ZoneEvent> events)
    {
        ZoneVisit told = visit.Told;
        Zone? zone = driver.Set!.Find(told.ZoneId);
        visit.Zone = driver.Set.NumberOf(told.ZoneId);
        if (zone is null)
        {
            Tell(driver, slot, told.ZoneId, told.ZoneVersion, told.ZoneKind,
                ZoneEventKind.Exit, ZoneEventCause.ZoneDeleted, at, at, events);
        }
        else if (zone.Version != told.ZoneVersion && !zone.Contains(at.Place))
        {
            visit.Zone = -1;
            Tell(driver, slot, zone, ZoneEventKind.Exit, ZoneEventCause.ZoneChanged, at, events);
        }
        else
        {
            visit.Told = told with { ZoneVersion = zone.Version, ZoneKind = zone.Kind };
        }
    }
}
