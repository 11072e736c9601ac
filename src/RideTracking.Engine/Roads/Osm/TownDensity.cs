using RideTracking.Engine.Geo;

namespace RideTracking.Engine.Roads.Osm;

/// <summary>
/// Tells towns by their streets: built-up is where much residential street lies within half a kilometre. Needs no
/// polygons of land use, which many regions lack, and no places, which have no borders.
/// </summary>
internal sealed class TownDensity
{
    private const double CellMeters = 250;
    private const double UrbanMetersPerSquareKilometer = 4_000;

    private readonly Dictionary<(int Row, int Column), float> _meters = [];

    public void Add(GeoPoint middle, double meters)
    {
        (int, int) cell = CellOf(middle);
        _meters[cell] = _meters.GetValueOrDefault(cell) + (float)meters;
    }

    public bool IsUrban(GeoPoint point)
    {
        (int row, int column) = CellOf(point);
        double meters = 0;
        for (int north = -1; north <= 1; north++)
        {
            for (int east = -1; east <= 1; east++)
            {
                meters += _meters.GetValueOrDefault((row + north, column + east));
            }
        }

        return meters >= UrbanMetersPerSquareKilometer * 9 * (CellMeters / 1_000) * (CellMeters / 1_000);
    }

    private static (int Row, int Column) CellOf(GeoPoint point)
    {
        int row = (int)Math.Floor(point.LatitudeDegrees * Earth.MetersPerDegree / CellMeters);
        // Columns are as wide as at the latitude of the row's edge; neighbours a row on are shifted by little.
        double width = Math.Max(0.01, Math.Cos(row * CellMeters / Earth.MetersPerDegree * Math.PI / 180));
        return (row, (int)Math.Floor(point.LongitudeDegrees * Earth.MetersPerDegree * width / CellMeters));
    }
}
