using RideTracking.Engine.Geo;

namespace RideTracking.Engine.Zones;

/// <summary>A straight line in longitude and latitude, the short way round the earth.</summary>
internal readonly struct ZoneLine
{
    // Beyond what a product of degrees is rounded by: some ten nanometres. And a millionth of the line.
    private const double RoundingDegrees = 1e-13, RoundingShare = 1e-6;

    public ZoneLine(GeoPoint from, GeoPoint to)
        : this(from, to, 0)
    {
    }

    private ZoneLine(GeoPoint from, GeoPoint to, double shift)
    {
        (From, To) = (from, to);
        (X, Y) = (from.LongitudeDegrees + shift, from.LatitudeDegrees);
        (AlongX, AlongY) = (Earth.TurnDegrees(from.LongitudeDegrees, to.LongitudeDegrees), to.LatitudeDegrees - from.LatitudeDegrees);
    }

    public GeoPoint From { get; }

    public GeoPoint To { get; }

    /// <summary>Degrees; the start, and how far it is to the end.</summary>
    public double X { get; }

    public double Y { get; }

    public double AlongX { get; }

    public double AlongY { get; }

    public double West => Math.Min(X, X + AlongX);

    public double East => Math.Max(X, X + AlongX);

    public double South => Math.Min(Y, Y + AlongY);

    public double North => Math.Max(Y, Y + AlongY);

    /// <summary>The same line, its longitudes told otherwise.</summary>
    public ZoneLine Shifted(double degrees) => new(From, To, X - From.LongitudeDegrees + degrees);

    /// <summary>Whether the line is sure not to touch an edge, however the numbers were rounded.</summary>
    public bool IsClearOf(in Edge edge)
    {
        double margin = RoundingDegrees * (Math.Abs(AlongX) + Math.Abs(AlongY));
        double side1 = AlongX * (edge.Y1 - Y) - AlongY * (edge.X1 - X), side2 = AlongX * (edge.Y2 - Y) - AlongY * (edge.X2 - X);
        if (side1 > margin && side2 > margin || side1 < -margin && side2 < -margin)
        {
            return true;
        }

        if (Math.Abs(side1) <= margin || Math.Abs(side2) <= margin)
        {
            return false; // An end of the edge lies on the line, or where it would go on.
        }

        double share = ((edge.X1 - X) * (edge.Y2 - edge.Y1) - (edge.Y1 - Y) * (edge.X2 - edge.X1)) / (side2 - side1);
        return share is < -RoundingShare or > 1 + RoundingShare;
    }
}
