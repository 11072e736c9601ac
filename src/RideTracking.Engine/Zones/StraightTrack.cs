using RideTracking.Engine.Geo;

namespace RideTracking.Engine.Zones;

/// <summary>
/// The straight line that fixes were taken along: weighted least squares of east and north over time, weights 1 / accuracy².
/// Kept as sums, so it costs the same however many fixes there are.
/// </summary>
/// <param name="origin">Near the fixes: they are reckoned on the plane around it.</param>
/// <param name="startUnixMs">Near their times.</param>
internal sealed class StraightTrack(GeoPoint origin, long startUnixMs)
{
    private const double RadiansPerDegree = Math.PI / 180;

    // What a phone claims beyond that is not to be believed, and 0 m would outweigh all others.
    private const double BestAccuracyMeters = 1;

    // A 68 % radius is 1.51 standard deviations of one axis.
    private const double StandardDeviations = 1.51;

    // Errors that last, as of a reflection, do not go away by more fixes.
    private const int MostFixesThatCount = 16;

    // What phones tell of their accuracy is worth as much as so many fixes that stray.
    private const int FixesOfTrust = 4;

    private readonly double _metersPerLongitude = Earth.MetersPerDegree * Math.Cos(origin.LatitudeDegrees * RadiansPerDegree);
    private int _fixes;
    private double _weight, _t, _x, _y, _tt, _tx, _ty, _xx, _xy, _yy;

    public void Add(GeoPoint place, long atUnixMs, double accuracyMeters)
    {
        double accuracy = Math.Max(accuracyMeters, BestAccuracyMeters), weight = 1 / (accuracy * accuracy);
        (double x, double y) = ToMeters(place);
        double t = (atUnixMs - startUnixMs) / 1_000.0;
        _fixes++;
        _weight += weight;
        _t += weight * t;
        _x += weight * x;
        _y += weight * y;
        _tt += weight * t * t;
        _tx += weight * t * x;
        _ty += weight * t * y;
        _xx += weight * x * x;
        _xy += weight * x * y;
        _yy += weight * y * y;
    }

    /// <summary>The line, if it is sure that there was movement and where it led.</summary>
    /// <param name="accuracies">How sure: the speed is so many times its own standard error, that one as a 68 % radius.</param>
    public StraightLine? Fit(double accuracies)
    {
        double t = _t / _weight, x = _x / _weight, y = _y / _weight;
        double tt = _tt - _t * t, tx = _tx - _t * x, ty = _ty - _t * y;
        double speed = Math.Sqrt(tx * tx + ty * ty) / tt;
        if (!(tt > 0 && speed > 0))
        {
            return null;
        }

        double east = tx / tt / speed, north = ty / tt / speed;
        double sideways = (_xx - _x * x) * north * north - 2 * (_xy - _x * y) * north * east + (_yy - _y * y) * east * east;
        // Chi squared: what the fixes stray from the line, by what their accuracies let them. Somewhat more is chance, or worse errors
        // than told; much more is a bend, which does not become less by more fixes.
        double strayed = StandardDeviations * StandardDeviations * sideways, free = Math.Max(_fixes - 2, 0);
        double stray = Math.Max(1, (FixesOfTrust + strayed) / (FixesOfTrust + free));
        double bend = free > 0 ? Math.Max(0, strayed / free - 1 - 2.5 * Math.Sqrt(2 / free)) : 0;
        if (speed < accuracies * Math.Sqrt(stray / tt))
        {
            return null;
        }

        double atMean = Math.Max(1 / _weight, _fixes / _weight / MostFixesThatCount);
        return new StraightLine(this, (x, y), (east, north), startUnixMs + (long)(t * 1_000), stray * atMean + bend * _fixes / _weight, stray / tt);
    }

    private (double X, double Y) ToMeters(GeoPoint place) => (
        Earth.TurnDegrees(origin.LongitudeDegrees, place.LongitudeDegrees) * _metersPerLongitude,
        (place.LatitudeDegrees - origin.LatitudeDegrees) * Earth.MetersPerDegree);

    private GeoPoint ToPlace(double x, double y) => new(
        origin.LatitudeDegrees + y / Earth.MetersPerDegree, Earth.WrapLongitude(origin.LongitudeDegrees + x / _metersPerLongitude));

    /// <summary>A line that was fitted.</summary>
    /// <param name="Track">Of these fixes.</param>
    /// <param name="Mean">Their mean place, which it runs through.</param>
    /// <param name="Along">Its direction, of length 1.</param>
    /// <param name="MeanUnixMs">Their mean time, when it is known best where the driver was.</param>
    /// <param name="VarianceAtMean">Square of a 68 % radius, in m².</param>
    /// <param name="VarianceOfSpeed">The same of the speed, in m²/s².</param>
    public readonly record struct StraightLine(
        StraightTrack Track, (double X, double Y) Mean, (double X, double Y) Along, long MeanUnixMs, double VarianceAtMean, double VarianceOfSpeed)
    {
        /// <summary>How well it is known where the line ran at a time: a 68 % radius in metres.</summary>
        public double AccuracyMeters(long atUnixMs)
        {
            double seconds = (atUnixMs - MeanUnixMs) / 1_000.0;
            return Math.Sqrt(VarianceAtMean + VarianceOfSpeed * seconds * seconds);
        }

        /// <summary>The place of the line beside another place, then so far to the left of it.</summary>
        public GeoPoint Beside(GeoPoint place, double leftMeters)
        {
            (double x, double y) = Track.ToMeters(place);
            double along = (x - Mean.X) * Along.X + (y - Mean.Y) * Along.Y;
            return Track.ToPlace(
                Mean.X + along * Along.X - leftMeters * Along.Y, Mean.Y + along * Along.Y + leftMeters * Along.X);
        }
    }
}
