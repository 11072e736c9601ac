using RideTracking.Engine.Geo;

namespace RideTracking.Engine.Index;

/// <summary>
/// Divides the earth into cells of about equal size: bands of latitude, each divided into as many columns as its
/// length holds. So cells near a pole are no slivers, and the polar bands have few.
/// </summary>
internal sealed class EarthGrid
{
    // What rounding may add to a distance or a coordinate, in degrees (1 cm), so that a cover never misses a cell.
    private const double RoundingDegrees = 1e-7;
    private const double DegreesPerRadian = 180 / Math.PI;

    private readonly int[] _columns;
    private readonly double _bandsPerDegree;

    public EarthGrid(double cellSizeMeters)
    {
        int bands = Math.Max(1, (int)(180 * Earth.MetersPerDegree / cellSizeMeters));
        _bandsPerDegree = bands / 180.0;
        _columns = new int[bands];
        for (int band = 0; band < bands; band++)
        {
            double middle = (band + 0.5) / _bandsPerDegree - 90;
            double length = 360 * Earth.MetersPerDegree * Math.Cos(middle / DegreesPerRadian);
            _columns[band] = Math.Max(1, (int)(length / cellSizeMeters));
        }

        CellRadians = Math.PI / bands;
    }

    /// <summary>Height of a cell as an angle at the earth's centre.</summary>
    public double CellRadians { get; }

    /// <summary>The cell of a place in 1e-7 degrees. Different cells have different keys.</summary>
    public long KeyOf(int latitudeE7, int longitudeE7)
    {
        int band = BandOf(latitudeE7 / 1e7);
        int columns = _columns[band];
        return KeyAt(band, WrapColumn(ColumnOf(longitudeE7 / 1e7, columns), columns)); // 180 is -180
    }

    public static long KeyAt(int band, int column) => (long)band << 32 | (uint)column;

    /// <summary>The column that one counted beyond the antimeridian, by less than a turn, is.</summary>
    public static int WrapColumn(int column, int columns) =>
        column < 0 ? column + columns : column >= columns ? column - columns : column;

    /// <summary>The cells that a circle may touch.</summary>
    /// <param name="center">Its centre.</param>
    /// <param name="radians">Its radius as an angle at the earth's centre.</param>
    public CellCover CoverOf(GeoPoint center, double radians)
    {
        double latitude = center.LatitudeDegrees, longitude = center.LongitudeDegrees;
        double degrees = radians * DegreesPerRadian + RoundingDegrees;
        double south = Math.Max(latitude - degrees, -90), north = Math.Min(latitude + degrees, 90);
        if (south <= -90 || north >= 90)
        {
            return new CellCover(BandOf(south), BandOf(north), -180, 180);
        }

        // Where meridians touch the circle: sin(half width) = sin(radius) / cos(latitude).
        double sine = Math.Sin(degrees / DegreesPerRadian) / Math.Cos(latitude / DegreesPerRadian);
        double halfWidth = Math.Asin(Math.Min(sine, 1)) * DegreesPerRadian + RoundingDegrees;
        return new CellCover(BandOf(south), BandOf(north), longitude - halfWidth, longitude + halfWidth);
    }

    /// <summary>The cells that a rectangle may touch.</summary>
    public CellCover CoverOf(GeoRectangle area) => new(
        BandOf(area.SouthDegrees),
        BandOf(area.NorthDegrees),
        area.WestDegrees - RoundingDegrees,
        area.WestDegrees + area.WidthDegrees + RoundingDegrees)
    {
        WholeSouthPole = area.SouthDegrees <= -90,
        WholeNorthPole = area.NorthDegrees >= 90,
    };

    /// <summary>How many columns a band has.</summary>
    public int ColumnsIn(int band) => _columns[band];

    /// <summary>
    /// The columns of a cover in one of its bands, from west to east: the first, which may lie up to one turn below 0,
    /// and how many, at most all.
    /// </summary>
    public (int First, int Count) ColumnsOf(in CellCover cover, int band)
    {
        int columns = _columns[band];
        int first = ColumnOf(cover.WestDegrees, columns);
        int count = ColumnOf(cover.EastDegrees, columns) - first + 1;
        bool whole = cover.WholeSouthPole && band == 0 || cover.WholeNorthPole && band == _columns.Length - 1;
        return whole || count >= columns ? (0, columns) : (first, count);
    }

    /// <summary>About how many cells a cover has, as if all bands were as long as the longer of the outer two.</summary>
    public long SizeOf(in CellCover cover) =>
        (cover.NorthBand - cover.SouthBand + 1L)
        * Math.Max(ColumnsOf(cover, cover.SouthBand).Count, ColumnsOf(cover, cover.NorthBand).Count);

    private int BandOf(double latitude) =>
        Math.Clamp((int)((latitude + 90) * _bandsPerDegree), 0, _columns.Length - 1);

    private static int ColumnOf(double longitude, int columns) =>
        (int)Math.Floor((longitude + 180) * (columns / 360.0));
}

/// <summary>A block of cells: bands from south to north, in each the columns between two meridians.</summary>
/// <param name="SouthBand">First band.</param>
/// <param name="NorthBand">Last band.</param>
/// <param name="WestDegrees">Western meridian, not wrapped.</param>
/// <param name="EastDegrees">Eastern meridian, not below the western, not wrapped.</param>
internal readonly record struct CellCover(int SouthBand, int NorthBand, double WestDegrees, double EastDegrees)
{
    /// <summary>The southernmost band belongs to it all the way round, since the pole has every longitude.</summary>
    public bool WholeSouthPole { get; init; }

    /// <summary>As <see cref="WholeSouthPole"/>, in the north.</summary>
    public bool WholeNorthPole { get; init; }

    public bool HasBand(int band) => band >= SouthBand && band <= NorthBand;
}
