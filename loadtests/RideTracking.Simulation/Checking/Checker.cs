namespace RideTracking.Simulation.Checking;

/// <summary>
/// Walks a whole history and says which promises were not kept. Knows what the store held after each script and what each
/// actor did and was told, and nothing of the code that decided it.
/// </summary>
internal static class Checker
{
    /// <summary>Checks a run.</summary>
    public static CheckedRun Check(History history, FinalStore final)
    {
        var violations = new Violations();
        var trips = new TripCheck(violations);
        var jobs = new JobCheck(violations, trips);
        var commands = new CommandCheck(violations, trips);
        var actions = new ActionCheck(violations, trips);
        var leases = new LeaseCheck(violations);
        var memory = new MemoryCheck(violations);
        var log = new LogCheck(violations);
        var fixes = new FixCheck(violations, log);
        StoreEntry? last = null;
        foreach (var entry in history.Entries)
        {
            if (last is not null && (entry as StoreEntry)?.Look != last.Look)
            {
                Committed(last);
            }

            last = entry as StoreEntry;
            switch (entry)
            {
                case TripStored e:
                    trips.Stored(e);
                    jobs.Stored(e);
                    memory.Stored(e);
                    break;
                case PlanStored e:
                    jobs.Stored(e);
                    memory.Stored(e);
                    break;
                case OutboxStored e:
                    commands.Stored(e);
                    break;
                case StoreKept:
                    trips.Keep();
                    jobs.Keep();
                    commands.Keep();
                    actions.Keep();
                    leases.Keep();
                    memory.Keep();
                    log.Keep();
                    break;
                case StoreForgot e:
                    trips.Forget();
                    jobs.Forget();
                    commands.Forget();
                    actions.Forget(e.At);
                    leases.Forget();
                    memory.Forget(e.At);
                    log.Forget(e.At);
                    break;
                case FixMade e:
                    log.Made(e);
                    break;
                case DriverClaimed e:
                    log.Claimed(e);
                    break;
                case BatchLogged e:
                    log.Stored(e);
                    break;
                case CheckpointStored e:
                    log.Stored(e);
                    break;
                case SegmentExpired e:
                    log.Expired(e);
                    break;
                case LogShown e:
                    log.Shown(e);
                    break;
                case FixesTold e:
                    fixes.Told(e);
                    break;
                case SessionResumed e:
                    fixes.Resumed(e);
                    break;
                case BufferShown e:
                    fixes.Shown(e);
                    break;
                case LeasesStored e:
                    leases.Stored(e);
                    break;
                case MemoryShown e:
                    memory.Shown(e);
                    break;
                case MemoryWentBack e:
                    memory.WentBack(e);
                    break;
                case LinksShown e:
                    memory.Shown(e);
                    break;
                case ClaimedAnew e:
                    actions.Claimed(e.DriverId, e.Phone, e.Epoch);
                    break;
                case CommandTold e:
                    commands.Told(e);
                    break;
                case CommandsAcknowledged e:
                    commands.Acknowledged(e);
                    break;
                case PhoneWelcomed e:
                    actions.Claimed(e.DriverId, e.Phone, e.Epoch);
                    break;
                case ActionMade e:
                    actions.Made(e);
                    break;
                case ActionAnswered e:
                    actions.Answered(e);
                    break;
                case PhoneGone e:
                    commands.Gone(e);
                    actions.Gone(e);
                    break;
                case RideAccepted e:
                    trips.Accepted(e);
                    break;
                case ChangeTold e:
                    trips.Told(e);
                    break;
                case WayShown e:
                    violations.Require(e.TripIds.Length == 0, e.At, "no phone leads where nobody goes", $"{e.Phone} leads through {string.Join(' ', e.TripIds)}");
                    commands.ShowWay(e.Phone, e.TripIds);
                    break;
                case Unexpected e:
                    violations.Require(false, e.At, "nodes bear whatever happens", $"{e.Node}: {e.What}");
                    break;
            }
        }

        if (last is not null)
        {
            Committed(last);
        }

        var end = history.Entries.Count > 0 ? history.Entries[^1].At : DateTimeOffset.MinValue;
        trips.End(end, final);
        jobs.End(end, final);
        commands.End(end);
        actions.End(end);
        return new CheckedRun(
            [.. violations.Found],
            trips.Trips.Values.GroupBy(t => t.State, StringComparer.Ordinal).ToDictionary(g => g.Key, g => g.Count(), StringComparer.Ordinal),
            trips.Trips.Values.Sum(t => t.Events.Length), commands.Count, actions.Count,
            new CheckedFixes(log.Count, log.Forgotten, fixes.Missing));

        void Committed(StoreEntry of)
        {
            jobs.Committed(of.At);
            commands.Committed(of.At);
        }
    }
}

/// <summary>What a run was, and what was wrong with it.</summary>
/// <param name="Violations">The promises that were not kept; none is what is wanted.</param>
/// <param name="TripsByState">How many trips ended how.</param>
/// <param name="Events">Events of all trips.</param>
/// <param name="Commands">Commands to drivers.</param>
/// <param name="Actions">Actions of drivers.</param>
/// <param name="Fixes">Fixes in the log.</param>
internal sealed record CheckedRun(
    IReadOnlyList<Violation> Violations, IReadOnlyDictionary<string, int> TripsByState, int Events, int Commands, int Actions, CheckedFixes Fixes)
{
    public int Trips => TripsByState.Values.Sum();
}

/// <summary>What became of fixes.</summary>
/// <param name="Logged">How many were ever in the log.</param>
/// <param name="Forgotten">How many of those the store forgot.</param>
/// <param name="Missing">How many of those were told to be kept, and are nowhere in the end.</param>
internal sealed record CheckedFixes(int Logged, int Forgotten, int Missing);
