using NetTopologySuite.Geometries;

namespace RideTracking.Server.Roads;

/// <summary>Cuts lines to a rectangle.</summary>
internal static class LineClip
{
    /// <summary>
    /// The pieces of a line that lie in a rectangle, each of at least two points. Liang and Barsky (1984), segment by
    /// segment: https://doi.org/10.1145/357332.357333
    /// </summary>
    public static IEnumerable<Coordinate[]> Inside(IReadOnlyList<Coordinate> line, Envelope area)
    {
        var piece = new List<Coordinate>();
        for (var i = 1; i < line.Count; i++)
        {
            if (!TryClip(line[i - 1], line[i], area, out var from, out var to))
            {
                continue;
            }

            if (piece.Count > 0 && !piece[^1].Equals2D(from))
            {
                yield return [.. piece];
                piece.Clear();
            }

            if (piece.Count == 0)
            {
                piece.Add(from);
            }

            piece.Add(to);
        }

        if (piece.Count > 0)
        {
            yield return [.. piece];
        }
    }

    private static bool TryClip(Coordinate a, Coordinate b, Envelope area, out Coordinate from, out Coordinate to)
    {
        (from, to) = (a, b);
        double dx = b.X - a.X, dy = b.Y - a.Y, enters = 0, leaves = 1;
        if (!Narrow(-dx, a.X - area.MinX) || !Narrow(dx, area.MaxX - a.X) || !Narrow(-dy, a.Y - area.MinY) || !Narrow(dy, area.MaxY - a.Y))
        {
            return false;
        }

        if (enters > 0)
        {
            from = new Coordinate(a.X + enters * dx, a.Y + enters * dy);
        }

        if (leaves < 1)
        {
            to = new Coordinate(a.X + leaves * dx, a.Y + leaves * dy);
        }

        return true;

        // The share of the segment on the right side of one edge: `towards` is how fast it goes out, `room` how far it is.
        bool Narrow(double towards, double room)
        {
            if (towards == 0)
            {
                return room >= 0;
            }

            var at = room / towards;
            if (towards < 0)
            {
                enters = Math.Max(enters, at);
            }
            else
            {
                leaves = Math.Min(leaves, at);
            }

            return enters <= leaves;
        }
    }
}
