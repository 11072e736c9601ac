namespace RideTracking.Engine.Geo;

/// <summary>A square of the earth.</summary>
/// <param name="Row">From the equator northwards.</param>
/// <param name="Column">From 180° west eastwards.</param>
public readonly record struct SquareCell(int Row, int Column);

/// <summary>Divides the earth into squares of one size, the same ones for ever: rows of latitude, each with as many columns as fit.</summary>
/// <param name="sideMeters">Above 0; far smaller than the earth.</param>
public sealed class SquareCells(double sideMeters)
{
    private readonly double _rowDegrees = sideMeters / Earth.MetersPerDegree;

    /// <summary>The square that a place is in.</summary>
    public SquareCell Of(GeoPoint point)
    {
        var row = (int)Math.Floor(point.LatitudeDegrees / _rowDegrees);
        var columns = ColumnsIn(row);
        return new SquareCell(row, (int)Math.Floor((Earth.WrapLongitude(point.LongitudeDegrees) + 180) / 360 * columns) % columns);
    }

    /// <summary>A place in a square.</summary>
    /// <param name="cell">The square.</param>
    /// <param name="up">Share of its height, from the south: 0 to below 1.</param>
    /// <param name="right">Share of its width, from the west: 0 to below 1.</param>
    public GeoPoint PlaceIn(SquareCell cell, double up, double right) => new(
        Math.Clamp((cell.Row + up) * _rowDegrees, -90, 90),
        Earth.WrapLongitude(((cell.Column + right) / ColumnsIn(cell.Row) * 360) - 180));

    /// <summary>Whether a place is in a square or not farther outside of it, in each direction, than a share of its side.</summary>
    public bool IsNear(SquareCell cell, GeoPoint point, double share)
    {
        var columns = ColumnsIn(cell.Row);
        var up = (point.LatitudeDegrees / _rowDegrees) - cell.Row;
        // The short way round the earth.
        var right = Math.IEEERemainder(((point.LongitudeDegrees + 180) / 360 * columns) - cell.Column - 0.5, columns) + 0.5;
        return up >= -share && up < 1 + share && right >= -share && right < 1 + share;
    }

    private int ColumnsIn(int row)
    {
        var middle = Math.Min(90, Math.Abs((row + 0.5) * _rowDegrees));
        return Math.Max(1, (int)(360 * Math.Cos(middle * Math.PI / 180) / _rowDegrees));
    }
}
