namespace RideTracking.Engine.Geo;

/// <summary>
/// A rectangle divided into rows and columns, equal in degrees, of about a size in metres: as wide as asked where the
/// rectangle comes nearest to the equator, narrower towards the poles.
/// </summary>
public sealed class GeoRaster
{
    /// <summary>A raster has no more cells than this.</summary>
    public const int MaxCells = 1 << 20;

    private const double DegreesPerRadian = 180 / Math.PI;

    /// <summary>Divides a rectangle.</summary>
    /// <param name="area">Must be valid.</param>
    /// <param name="cellSizeMeters">Height of a cell, and its width at most; above 0.</param>
    /// <exception cref="ArgumentOutOfRangeException">Not a size, or more than <see cref="MaxCells"/> cells.</exception>
    public GeoRaster(GeoRectangle area, double cellSizeMeters)
    {
        if (!(cellSizeMeters > 0))
        {
            throw new ArgumentOutOfRangeException(nameof(cellSizeMeters), cellSizeMeters, "Must be above 0 m.");
        }

        double nearest = Math.Max(0, Math.Max(area.SouthDegrees, -area.NorthDegrees));
        double height = (area.NorthDegrees - area.SouthDegrees) * Earth.MetersPerDegree;
        double width = area.WidthDegrees * Earth.MetersPerDegree * Math.Cos(nearest / DegreesPerRadian);
        double rows = Math.Max(1, Math.Ceiling(height / cellSizeMeters));
        double columns = Math.Max(1, Math.Ceiling(width / cellSizeMeters));
        if (!(rows * columns <= MaxCells))
        {
            throw new ArgumentOutOfRangeException(
                nameof(cellSizeMeters), cellSizeMeters, $"Makes {rows * columns:N0} cells of the rectangle; {MaxCells:N0} are allowed.");
        }

        Area = area;
        Rows = (int)rows;
        Columns = (int)columns;
    }

    /// <summary>What is divided.</summary>
    public GeoRectangle Area { get; }

    /// <summary>From south to north.</summary>
    public int Rows { get; }

    /// <summary>From west to east.</summary>
    public int Columns { get; }

    /// <summary>Rows times columns.</summary>
    public int CellCount => Rows * Columns;

    /// <summary>The cell of a place inside the rectangle: row by row from the south-west.</summary>
    public int IndexOf(GeoPoint point)
    {
        double east = point.LongitudeDegrees - Area.WestDegrees;
        double up = (point.LatitudeDegrees - Area.SouthDegrees) / (Area.NorthDegrees - Area.SouthDegrees);
        double right = (east < 0 ? east + 360 : east >= 360 ? east - 360 : east) / Area.WidthDegrees;
        return Share(up, Rows) * Columns + Share(right, Columns);
    }

    /// <summary>A cell's rectangle.</summary>
    public GeoRectangle RectangleOf(int index)
    {
        (int row, int column) = Math.DivRem(index, Columns);
        double height = (Area.NorthDegrees - Area.SouthDegrees) / Rows, width = Area.WidthDegrees / Columns;
        return new GeoRectangle(
            Area.SouthDegrees + row * height,
            Earth.WrapLongitude(Area.WestDegrees + column * width),
            Math.Min(Area.SouthDegrees + (row + 1) * height, 90),
            column + 1 == Columns ? Area.EastDegrees : Earth.WrapLongitude(Area.WestDegrees + (column + 1) * width));
    }

    // The far edge, and a rectangle without height or width (0 / 0), belong to the cells that there are.
    private static int Share(double share, int parts) => share > 0 ? Math.Min((int)(share * parts), parts - 1) : 0;
}
