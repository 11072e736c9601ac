using NetTopologySuite.Geometries;

namespace RideTracking.Engine.Zones;

/// <summary>Takes out of rings what has no area: points given twice, and edges there and back.</summary>
internal static class Spikes
{
    /// <summary>The ring without them; fewer than four points when nothing is left.</summary>
    /// <param name="ring">Closed.</param>
    public static Coordinate[] Without(Coordinate[] ring)
    {
        List<Coordinate> kept = [];
        foreach (Coordinate point in ring.AsSpan(..^1))
        {
            kept.Add(point);
            while (kept.Count >= 2 && kept[^2].Equals2D(kept[^1]) || kept.Count >= 3 && IsSpike(kept[^3], kept[^2], kept[^1]))
            {
                kept.RemoveAt(kept[^2].Equals2D(kept[^1]) ? kept.Count - 1 : kept.Count - 2);
            }
        }

        // And where its end meets its beginning.
        int first = 0;
        while (kept.Count - first >= 3)
        {
            if (kept[^1].Equals2D(kept[first]) || IsSpike(kept[^2], kept[^1], kept[first]))
            {
                kept.RemoveAt(kept.Count - 1);
            }
            else if (IsSpike(kept[^1], kept[first], kept[first + 1]))
            {
                first++;
            }
            else
            {
                break;
            }
        }

        return kept.Count - first >= 3 ? [.. kept[first..], kept[first].Copy()] : [];
    }

    /// <summary>The way from the tip leads back over the way to it: no farther beside it than a rounding.</summary>
    private static bool IsSpike(Coordinate from, Coordinate tip, Coordinate to)
    {
        double inX = tip.X - from.X, inY = tip.Y - from.Y, outX = to.X - tip.X, outY = to.Y - tip.Y;
        double shorter = Math.Min(inX * inX + inY * inY, outX * outX + outY * outY);
        double longer = Math.Max(inX * inX + inY * inY, outX * outX + outY * outY);
        return inX * outX + inY * outY < 0
            && Math.Abs(inX * outY - inY * outX) < 0.5 * Rounding.UnitDegrees * Math.Sqrt(longer)
            && shorter > 0;
    }
}
