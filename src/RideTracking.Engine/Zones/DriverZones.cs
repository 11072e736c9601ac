using RideTracking.Engine.Geo;
using RideTracking.Engine.Ingest;

namespace RideTracking.Engine.Zones;

/// <summary>What the tracker knows of one driver. Its own monitor guards it.</summary>
internal sealed class DriverZones
{
    /// <summary>What the numbers below belong to; null after a restore.</summary>
    public ZoneSet? Set;

    /// <summary>Neither stale nor signed off.</summary>
    public bool IsPresent;

    /// <summary>The last accepted fix, if there was one.</summary>
    public Sighting? Last;

    /// <summary>The accepted fix before that, if <see cref="LastFollows"/>.</summary>
    public TrackPoint BeforeLast;

    /// <summary>The last fix came soon enough after the one before for the way between to be known.</summary>
    public bool LastFollows;

    /// <summary>So did the fix that is being judged.</summary>
    public bool FixFollows;

    /// <summary>The zones of which, at the last fix, those told were all that the driver was in; null when a change was under way.</summary>
    public ZoneSet? SettledIn;

    public long Ordinal;

    /// <summary>By zone number.</summary>
    public readonly List<OpenVisit> Visits = [];

    /// <summary>Changes that are not sure yet; rarely any.</summary>
    public List<PendingChange> Pending = [];

    /// <summary>The oldest first; made for drivers who need it.</summary>
    public List<Silence>? Silences;

    /// <summary>A silence without an end so far: of a stale driver.</summary>
    public Silence? OpenSilence;

    /// <summary>Takes over an accepted fix as the last one.</summary>
    public void See(string sessionId, in Fix fix)
    {
        if (Last is { } last)
        {
            BeforeLast = last.Point;
            last.Set(sessionId, fix);
        }
        else
        {
            Last = Sighting.Of(sessionId, fix);
        }

        LastFollows = FixFollows;
    }

    public int FindVisit(int zone)
    {
        for (int i = 0; i < Visits.Count; i++)
        {
            if (Visits[i].Zone == zone)
            {
                return i;
            }
        }

        return -1;
    }

    public PendingChange? FindPending(int zone, bool enters) =>
        Pending.Find(change => change.Zone == zone && change.Enters == enters);

    public void AddVisit(int zone, ZoneVisit visit)
    {
        int at = Visits.FindIndex(other => other.Zone > zone);
        Visits.Insert(at < 0 ? Visits.Count : at, new OpenVisit(zone) { Told = visit });
    }

    /// <summary>Keeps a silence with an end, and forgets the oldest beyond the limit.</summary>
    public void Keep(Silence silence, int limit)
    {
        Silences ??= [];
        Silences.Add(silence);
        if (Silences.Count > limit)
        {
            Silences.RemoveAt(0);
        }
    }

    /// <summary>Notes what was told in the silences that its time falls into.</summary>
    public void Note(Transition transition)
    {
        foreach (Silence silence in Silences ?? [])
        {
            silence.Note(transition);
        }

        OpenSilence?.Note(transition);
    }
}

/// <summary>A fix, as far as events tell it. A class, so that the driver's last one is replaced whole.</summary>
internal sealed class Sighting
{
    public long AtUnixMs { get; private set; }

    public GeoPoint Place { get; private set; }

    public string SessionId { get; private set; } = "";

    public ulong Sequence { get; private set; }

    /// <summary>NaN when unknown.</summary>
    public float AccuracyMeters { get; private set; } = float.NaN;

    public TrackPoint Point => new(Place, AtUnixMs, AccuracyMeters);

    public static Sighting Of(string sessionId, in Fix fix)
    {
        var sighting = new Sighting();
        sighting.Set(sessionId, fix);
        return sighting;
    }

    public static Sighting Of(string sessionId, ulong sequence, long atUnixMs, GeoPoint place) =>
        new() { SessionId = sessionId, Sequence = sequence, AtUnixMs = atUnixMs, Place = place };

    /// <summary>A place on the line from one fix to the next; named by the latter, which told it.</summary>
    public static Sighting Between(Sighting from, string sessionId, in Fix to, double share) => Of(
        sessionId, to.Sequence, from.AtUnixMs + (long)Math.Round((to.FixedAtUnixMs - from.AtUnixMs) * share), from.Place.Toward(to.Point, share));

    public void Set(string sessionId, in Fix fix) =>
        (AtUnixMs, Place, SessionId, Sequence, AccuracyMeters) =
            (fix.FixedAtUnixMs, fix.Point, sessionId, fix.Sequence, fix.HorizontalAccuracyMeters);
}

/// <summary>A fix, as far as a line is fitted to it.</summary>
/// <param name="Place">Where.</param>
/// <param name="AtUnixMs">When.</param>
/// <param name="AccuracyMeters">A 68 % radius; NaN when unknown.</param>
internal readonly record struct TrackPoint(GeoPoint Place, long AtUnixMs, float AccuracyMeters);

internal sealed class OpenVisit(int zone)
{
    /// <summary>Number in the driver's set; -1 until it is looked up after a restore.</summary>
    public int Zone = zone;

    public required ZoneVisit Told;
}

/// <summary>An enter or exit as told.</summary>
internal readonly record struct Transition(string ZoneId, long AtUnixMs, bool Enters, Guid EventId);

/// <summary>
/// A time between two accepted fixes that is long enough for a driver to have been elsewhere, with what was told about it.
/// </summary>
internal sealed class Silence(long fromUnixMs, string[] insideAtStart)
{
    private const int MaxTransitions = 64;

    private readonly List<Transition> _transitions = [];

    public long FromUnixMs { get; } = fromUnixMs;

    /// <summary>The end, and where the driver was then.</summary>
    public Sighting? End { get; set; }

    public bool IsFull => _transitions.Count >= MaxTransitions;

    /// <summary>Zones that anything was told about.</summary>
    public IEnumerable<string> ZoneIds => insideAtStart.Concat(_transitions.Select(transition => transition.ZoneId)).Distinct();

    public bool Holds(long atUnixMs) => atUnixMs > FromUnixMs && End is { } end && atUnixMs < end.AtUnixMs;

    public void Note(Transition transition)
    {
        if (transition.AtUnixMs > FromUnixMs && (End is null || transition.AtUnixMs <= End.AtUnixMs))
        {
            int at = _transitions.FindIndex(other => other.AtUnixMs > transition.AtUnixMs);
            _transitions.Insert(at < 0 ? _transitions.Count : at, transition);
        }
    }

    public void Forget(Transition transition) => _transitions.Remove(transition);

    /// <summary>Whether the driver was inside at a time, as told so far.</summary>
    public bool WasInside(string zoneId, long atUnixMs)
    {
        int last = _transitions.FindLastIndex(each => each.ZoneId == zoneId && each.AtUnixMs <= atUnixMs);
        return last >= 0 ? _transitions[last].Enters : insideAtStart.Contains(zoneId);
    }

    public Transition? NextAfter(string zoneId, long atUnixMs)
    {
        int next = _transitions.FindIndex(each => each.ZoneId == zoneId && each.AtUnixMs > atUnixMs);
        return next < 0 ? null : _transitions[next];
    }
}
