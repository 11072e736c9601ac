using RideTracking.Engine.Geo;

namespace RideTracking.Engine.Index;

/// <summary>
/// Divides the earth into cells of about equal size: bands of latitude, each divided into as many columns as its
/// length holds. So cells near a pole are no slivers, and the polar bands have few. A cell can be divided further, into
/// rows and columns of a power of two.
/// </summary>
internal sealed class EarthGrid
{
    /// <summary>Places are told apart down to this power of two within a cell, each way.</summary>
    public const int PartBits = 10;

    private const int Parts = 1 << PartBits;

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
    public long KeyOf(int latitudeE7, int longitudeE7) => Locate(Place.Of(latitudeE7, longitudeE7)).Key;

    /// <summary>The cell of a place and where in it.</summary>
    public GridPlace Locate(Place place)
    {
        int up = (int)(BandsTo(place.LatitudeE7 / 1e7) * Parts);
        int band = Math.Min(up >> PartBits, _columns.Length - 1); // the north pole is in the last
        int columns = _columns[band];
        int right = (int)(ColumnsTo(place.LongitudeE7 / 1e7, columns) * Parts);
        int column = right >> PartBits;
        return new GridPlace(
            KeyAt(band, column == columns ? 0 : column), // 180 is -180
            Math.Min(up - (band << PartBits), Parts - 1),
            right & (Parts - 1));
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
        double latitude = center.LatitudeDegrees;
        double degrees = radians * DegreesPerRadian + RoundingDegrees;
        double south = Math.Max(latitude - degrees, -90), north = Math.Min(latitude + degrees, 90);
        if (south <= -90 || north >= 90)
        {
            return Cover(south, -180, north, 180);
        }

        return CoverOf(center, degrees, south, north, Math.Cos(latitude / DegreesPerRadian));
    }

    private CellCover CoverOf(GeoPoint center, double degrees, double south, double north, double cosLatitude)
    {
        // Where meridians touch the circle: sin(half width) = sin(radius) / cos(latitude). For a small circle, a little more
        // than its series has.
        double share = degrees / DegreesPerRadian / cosLatitude;
        double halfWidth = share < 0.1
            ? share * (1 + share * share / 5)
            : Math.Asin(Math.Min(Math.Sin(degrees / DegreesPerRadian) / cosLatitude, 1));
        double width = halfWidth * DegreesPerRadian + RoundingDegrees;
        return Cover(south, center.LongitudeDegrees - width, north, center.LongitudeDegrees + width);
    }

    /// <summary>The cell that a place is in.</summary>
    public CellCover PointCover(GeoPoint point) =>
        Cover(point.LatitudeDegrees, point.LongitudeDegrees, point.LatitudeDegrees, point.LongitudeDegrees);

    /// <summary>The cells that a rectangle may touch.</summary>
    public CellCover CoverOf(GeoRectangle area) => Cover(
        area.SouthDegrees,
        area.WestDegrees - RoundingDegrees,
        area.NorthDegrees,
        area.WestDegrees + area.WidthDegrees + RoundingDegrees) with
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
        int first = (int)Math.Floor(ColumnsTo(cover.WestDegrees, columns));
        int count = (int)Math.Floor(ColumnsTo(cover.EastDegrees, columns)) - first + 1;
        bool whole = cover.WholeSouthPole && band == 0 || cover.WholeNorthPole && band == _columns.Length - 1;
        return whole || count >= columns ? (0, columns) : (first, count);
    }

    /// <summary>The parts of a cell that a cover touches, when the cell is divided by a power of two each way.</summary>
    /// <param name="cover">A cover that touches the cell.</param>
    /// <param name="band">The cell's band.</param>
    /// <param name="column">The cell's column as <see cref="ColumnsOf"/> counts it.</param>
    /// <param name="level">The power of two.</param>
    public PartRange PartsOf(in CellCover cover, int band, int column, int level)
    {
        int last = (1 << level) - 1;
        double scale = 1 << level;
        int columns = _columns[band];
        int bottom = PartAt(BandsTo(cover.SouthDegrees) - band, scale, last);
        int top = PartAt(BandsTo(cover.NorthDegrees) - band, scale, last);
        return ColumnsOf(cover, band).Count == columns
            ? new PartRange(bottom, top, 0, last)
            : new PartRange(
                bottom,
                top,
                PartAt(ColumnsTo(cover.WestDegrees, columns) - column, scale, last),
                PartAt(ColumnsTo(cover.EastDegrees, columns) - column, scale, last));
    }

    /// <summary>Where the south-western part of a cell lies and how big all parts are.</summary>
    /// <inheritdoc cref="PartsOf"/>
    public CellFrame FrameOf(int band, int column, int level)
    {
        double width = 360.0 / _columns[band];
        double share = 1.0 / (1 << level);
        return new CellFrame(band / _bandsPerDegree - 90, column * width - 180, share / _bandsPerDegree, width * share);
    }

    /// <summary>Whether a cover has all columns of its southernmost or northernmost band.</summary>
    public bool GoesAllTheWayRound(in CellCover cover) =>
        ColumnsOf(cover, cover.SouthBand).Count == _columns[cover.SouthBand]
        || ColumnsOf(cover, cover.NorthBand).Count == _columns[cover.NorthBand];

    /// <summary>About how many cells a cover has, as if all bands were as long as the longer of the outer two.</summary>
    public long SizeOf(in CellCover cover) =>
        (cover.NorthBand - cover.SouthBand + 1L)
        * Math.Max(ColumnsOf(cover, cover.SouthBand).Count, ColumnsOf(cover, cover.NorthBand).Count);

    private CellCover Cover(double south, double west, double north, double east) =>
        new(BandOf(south), BandOf(north), west, east) { SouthDegrees = south, NorthDegrees = north };

    private int BandOf(double latitude) => Math.Clamp((int)BandsTo(latitude), 0, _columns.Length - 1);

    private double BandsTo(double latitude) => (latitude + 90) * _bandsPerDegree;

    private static double ColumnsTo(double longitude, int columns) => (longitude + 180) * (columns / 360.0);

    private static int PartAt(double share, double scale, int last) =>
        (int)Math.Clamp(Math.Floor(share * scale), 0, last);
}

/// <summary>A cell, and where in it as shares of 1 &lt;&lt; <see cref="EarthGrid.PartBits"/>.</summary>
internal readonly record struct GridPlace(long Key, int Up, int Right);

/// <summary>Where the parts of a divided cell lie, degrees; the longitude not wrapped.</summary>
internal readonly record struct CellFrame(double SouthDegrees, double WestDegrees, double HeightDegrees, double WidthDegrees);

/// <summary>Parts of a divided cell, all ends included.</summary>
internal readonly record struct PartRange(int Bottom, int Top, int Left, int Right)
{
    public static PartRange None => new(0, -1, 0, -1);

    public bool HasRow(int row) => row >= Bottom && row <= Top;
}

/// <summary>A block of cells: bands from south to north, in each the columns between two meridians.</summary>
/// <param name="SouthBand">First band.</param>
/// <param name="NorthBand">Last band.</param>
/// <param name="WestDegrees">Western meridian, not wrapped.</param>
/// <param name="EastDegrees">Eastern meridian, not below the western, not wrapped.</param>
internal readonly record struct CellCover(int SouthBand, int NorthBand, double WestDegrees, double EastDegrees)
{
    /// <summary>Southern parallel.</summary>
    public double SouthDegrees { get; init; }

    /// <summary>Northern parallel.</summary>
    public double NorthDegrees { get; init; }

    /// <summary>The southernmost band belongs to it all the way round, since the pole has every longitude.</summary>
    public bool WholeSouthPole { get; init; }

    /// <summary>As <see cref="WholeSouthPole"/>, in the north.</summary>
    public bool WholeNorthPole { get; init; }

    public bool HasBand(int band) => band >= SouthBand && band <= NorthBand;
}
