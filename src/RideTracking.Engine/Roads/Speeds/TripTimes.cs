using System.Runtime.InteropServices;

namespace RideTracking.Engine.Roads.Speeds;

/// <summary>
/// How long trips really take beside what roads foretell: the spread, learned from trips that have ended, by how long they
/// were to take and at which hour. Trips have what roads do not: a wait at the kerb, a detour asked for, a bad moment. Kept
/// are counts of log ratios in slots, which add up over nodes and times. Not thread-safe.
/// </summary>
public sealed class TripTimes
{
    internal const int Slots = 80;
    private const double SlotWidth = 0.05;
    private const double PriorDeviation = 0.35; // of a log ratio, before any trip is seen: four in five within 0.64 to 1.57
    private static readonly double[] BucketMinutes = [5, 10, 20, 40, double.PositiveInfinity];

    private readonly TimeZoneInfo _zone;
    private readonly LearningLimits _limits;
    private readonly Dictionary<TripTimeKey, double> _counts = [];
    private readonly Dictionary<TripTimeKey, double> _changes = [];

    /// <param name="zone">The clocks of the city.</param>
    /// <param name="limits">How to learn.</param>
    public TripTimes(TimeZoneInfo zone, LearningLimits? limits = null)
    {
        _zone = zone;
        _limits = limits ?? new LearningLimits();
    }

    /// <summary>Takes a trip that has ended.</summary>
    /// <param name="foretold">What the roads foretold at its start, before <see cref="RangeOf"/>.</param>
    /// <param name="actual">How long it took.</param>
    /// <param name="startedAt">When it started.</param>
    public void Learn(TimeSpan foretold, TimeSpan actual, DateTimeOffset startedAt)
    {
        if (foretold <= TimeSpan.Zero || actual <= TimeSpan.Zero)
        {
            return; // nothing to compare
        }

        int slot = Math.Clamp((int)Math.Floor(Math.Log(actual / foretold) / SlotWidth) + Slots / 2, 0, Slots - 1);
        var key = new TripTimeKey(BucketOf(foretold), HourOf(startedAt), slot);
        double weight = ForwardDecay.WeightAt(startedAt, _limits.HalfLife);
        CollectionsMarshal.GetValueRefOrAddDefault(_counts, key, out _) += weight;
        CollectionsMarshal.GetValueRefOrAddDefault(_changes, key, out _) += weight;
    }

    /// <summary>Adds what another node, or this one at an earlier time, has seen.</summary>
    public void Add(TripTimeKey key, double weight) => CollectionsMarshal.GetValueRefOrAddDefault(_counts, key, out _) += weight;

    /// <summary>What was learned since the last call, to be added to what is kept elsewhere.</summary>
    public IReadOnlyList<KeyValuePair<TripTimeKey, double>> TakeChanges()
    {
        KeyValuePair<TripTimeKey, double>[] changes = [.. _changes];
        _changes.Clear();
        return changes;
    }

    /// <summary>
    /// How long a trip will take: as many take less than the median as more, and four in five lie between the tenth and the
    /// ninetieth percentile.
    /// </summary>
    /// <param name="foretold">By the roads.</param>
    /// <param name="startsAt">When it starts.</param>
    public TripTimeRange RangeOf(TimeSpan foretold, DateTimeOffset startsAt)
    {
        int bucket = BucketOf(foretold), hour = HourOf(startsAt);
        double scale = 1 / ForwardDecay.WeightAt(startsAt, _limits.HalfLife);
        double[] all = new double[Slots], alike = new double[Slots], now = new double[Slots];
        foreach ((TripTimeKey key, double weight) in _counts)
        {
            all[key.Slot] += weight * scale;
            alike[key.Slot] += key.Bucket == bucket ? weight * scale : 0;
            now[key.Slot] += key.Bucket == bucket ? weight * scale * WeekHours.Likeness(hour, key.Hour) : 0;
        }

        // From the widest group of trips to the narrowest, each believed by how many it is made of.
        double[] spread = Blend(now, Blend(alike, Blend(all, Prior())));
        return new TripTimeRange(
            foretold * Math.Exp(Quantile(spread, 0.1)), foretold * Math.Exp(Quantile(spread, 0.5)), foretold * Math.Exp(Quantile(spread, 0.9)));
    }

    /// <summary>Which trips are alike: the ranges of two of one kind are in proportion to what was foretold, until more is learned.</summary>
    public (int Bucket, int Hour) KindOf(TimeSpan foretold, DateTimeOffset startsAt) => (BucketOf(foretold), HourOf(startsAt));

    private static int BucketOf(TimeSpan foretold) => Array.FindIndex(BucketMinutes, minutes => foretold.TotalMinutes < minutes);

    private int HourOf(DateTimeOffset time) => WeekHours.Of(TimeZoneInfo.ConvertTime(time, _zone));

    private double[] Blend(double[] counts, double[] wider)
    {
        double sum = counts.Sum() + _limits.Trips;
        return [.. counts.Select((count, slot) => (count + _limits.Trips * wider[slot]) / sum)];
    }

    private static double[] Prior()
    {
        double[] shares = [.. Enumerable.Range(0, Slots).Select(slot =>
        {
            double deviations = (slot - Slots / 2 + 0.5) * SlotWidth / PriorDeviation;
            return Math.Exp(-deviations * deviations / 2);
        })];
        double sum = shares.Sum();
        return [.. shares.Select(share => share / sum)];
    }

    private static double Quantile(double[] shares, double share)
    {
        int slot = 0;
        for (; slot < Slots - 1 && share > shares[slot]; slot++)
        {
            share -= shares[slot];
        }

        return (slot - Slots / 2 + share / shares[slot]) * SlotWidth;
    }
}
