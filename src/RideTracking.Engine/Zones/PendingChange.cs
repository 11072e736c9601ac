using RideTracking.Engine.Geo;

namespace RideTracking.Engine.Zones;

/// <summary>
/// A driver seems to be on the other side of a border than told, or to have been there, and it is not sure yet.
/// </summary>
internal sealed class PendingChange(int zone, bool enters, Zone judgedBy)
{
    public int Zone = zone;

    public bool Enters { get; } = enters;

    public Zone JudgedBy { get; } = judgedBy;

    /// <summary>The first of the fixes in a row that say so; null when the last one does not.</summary>
    public Sighting? First;

    /// <summary>How many there are in the row.</summary>
    public int Fixes;

    /// <summary>What may be a whole way over and back; null when it is not known where the driver came from.</summary>
    public Excursion? Excursion;

    /// <summary>A late fix says so of an earlier time.</summary>
    public void BeginAt(Sighting seen)
    {
        if (Excursion?.Begin.AtUnixMs == First?.AtUnixMs)
        {
            Excursion?.BeginAt(seen);
        }

        First = seen;
    }

    /// <summary>The last fix is not over there.</summary>
    public void ComeBack() => (First, Fixes) = (null, 0);
}

/// <summary>A way over a border and back, as far as the fixes tell.</summary>
/// <param name="begin">Where it went over.</param>
/// <param name="from">The earliest fix before, of those from which the way on is known.</param>
/// <param name="track">The fixes from there on.</param>
internal sealed class Excursion(Sighting begin, GeoPoint from, StraightTrack track)
{
    /// <summary>The first fix over there, or where the line between two fixes went over.</summary>
    public Sighting Begin { get; private set; } = begin;

    /// <summary>A place before it.</summary>
    public GeoPoint From { get; } = from;

    public StraightTrack Track { get; } = track;

    /// <summary>The first fix back, or where the line between two fixes came back; null while over there.</summary>
    public Sighting? End { get; private set; }

    public int FixesSinceEnd { get; private set; }

    /// <summary>It began earlier, as a late fix tells.</summary>
    public void BeginAt(Sighting seen) => Begin = seen;

    /// <summary>The driver is over there, for all that is known.</summary>
    public void GoOn() => (End, FixesSinceEnd) = (null, 0);

    /// <summary>The driver is back.</summary>
    public void EndAt(Sighting end) => (End, FixesSinceEnd) = (end, 0);

    /// <summary>Another fix is not over there.</summary>
    public void StayBack() => FixesSinceEnd++;
}
