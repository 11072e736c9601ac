using NetTopologySuite.Geometries;
using NetTopologySuite.Geometries.Prepared;
using RideTracking.Engine.Geo;
using RideTracking.Engine.Index;

namespace RideTracking.Engine.Tests.Index;

/// <summary>
/// A fleet somewhere on earth with a history of moves, removals and sweeps, and a plain list that knows the same. All of
/// it follows from the seed.
/// </summary>
internal sealed class RandomWorld
{
    private static readonly GeoPoint[] s_spots =
    [
        new(0, 0), new(90, 0), new(-90, 0), new(89.999, 77), new(-89.99, -179), new(0, 180), new(12, -180), new(-45, 179.9999),
        new(41.15, -8.61), new(79.9, 20), new(80.1, 20), new(-33.9, 151.2), new(60, -179.999),
    ];

    private readonly Random _random;
    private readonly DriverIndex _index;
    private readonly List<(DriverEntry Entry, VehicleTraits Vehicle)> _drivers = [];
    private readonly Dictionary<int, DriverEntry> _stale = []; // with their last fix
    private readonly GeoPoint _spot;
    private readonly double _spread;
    private readonly long _start;

    public RandomWorld(int seed)
    {
        _random = new Random(seed);
        _index = new DriverIndex(Pick(50.0, 500, 2_000, 2_000, 2_000, 50_000));
        _spot = _random.Next(4) == 0 ? AnywhereOnEarth() : Pick(s_spots);
        _spread = Pick(0, 50, 1_000, 1_000, 5_000, 100_000, 20_000_000);
        // Before and after what a cell's times reach, at both ends of it, and now.
        _start = Pick(0L, 1_750_000_000_000, 1_750_000_000_000, 1_420_070_390_000, 2_519_582_000_000, 4_000_000_000_000);
        Fill(Pick(1, 30, 500, 3_000));
    }

    /// <summary>Searches of all kinds; tells how many, and what was wrong.</summary>
    public (int Queries, List<string> Mismatches) Check(int rounds)
    {
        var mismatches = new List<string>();
        int queries = 0;
        for (int round = 0; round < rounds; round++)
        {
            int[] excluded = [.. Enumerable.Range(0, _random.Next(3)).Select(_ => _random.Next(_drivers.Count))];
            DriverFilter filter = AnyFilter(excluded);
            (DriverEntry Entry, VehicleTraits Vehicle)[] matching = [.. Matching(filter)];
            string where = $"round {round}, {matching.Length} of {_drivers.Count} match";
            CheckNearest(filter, matching, $"nearest, {where}", mismatches);
            CheckWithin(AnyRectangle(), filter, matching, $"rectangle, {where}", mismatches);
            CheckPolygon(filter, matching, $"polygon, {where}", mismatches);
            CheckRaster(filter, matching, $"raster, {where}", mismatches);
            CheckCounts(excluded, $"counts, {where}", mismatches);
            queries += 6;
        }

        return (queries, mismatches);
    }

    private void Fill(int count)
    {
        for (int slot = 0; slot < count; slot++)
        {
            _drivers.Add((new DriverEntry { Slot = slot }, default));
        }

        // Some are heard several times, in any order of times, and are told about in any order.
        for (int change = 0; change < count * 5; change++)
        {
            int slot = _random.Next(count);
            (DriverEntry entry, VehicleTraits vehicle) = _drivers[slot];
            switch (_random.Next(16))
            {
                case 0:
                    _index.Remove(slot, out _);
                    _stale.Remove(slot);
                    entry = new DriverEntry { Slot = slot };
                    break;
                case 1 or 2 or 3:
                    vehicle = new VehicleTraits((ushort)_random.Next(4), (byte)_random.Next(8), (ulong)_random.NextInt64() & 0b1010_1110);
                    _index.SetVehicle(slot, vehicle);
                    break;
                case 4 or 5 or 6:
                    entry.Status = new DriverStatus(
                        (DriverAvailability)_random.Next(2, 4), (DriverWork)_random.Next(1, 3), (DriverLink)_random.Next(1, 3));
                    _index.SetStatus(slot, entry.Status);
                    break;
                default:
                    var fix = World.FixAt(AnyPlace(), _start + _random.Next(20_000));
                    if (_index.Update(slot, fix, out DriverChange updated))
                    {
                        entry.HasFix = true;
                        entry.Fix = fix;
                    }
                    else if (!updated.Current.HasFix)
                    {
                        entry.HasFix = false;
                    }

                    break;
            }

            _drivers[slot] = (entry, vehicle);
        }

        Sweep(_random.Next(5) switch { 0 => _start + _random.Next(20_000), 1 => long.MaxValue, _ => 0 });
    }

    private void Sweep(long olderThan)
    {
        var left = new DriverChange[_drivers.Count + 1];
        _index.SweepStale(olderThan, left);
        for (int slot = 0; slot < _drivers.Count; slot++)
        {
            (DriverEntry entry, VehicleTraits vehicle) = _drivers[slot];
            if (entry.HasFix && entry.Fix.FixedAtUnixMs < olderThan)
            {
                _drivers[slot] = (new DriverEntry { Slot = slot, Status = entry.Status }, vehicle);
                _stale[slot] = entry;
            }
        }
    }

    private DriverFilter AnyFilter(int[] excluded) => new()
    {
        Availability = _random.Next(3) == 0 ? DriverAvailability.Available : null,
        Work = _random.Next(3) == 0 ? DriverWork.Idle : null,
        Link = _random.Next(3) == 0 ? DriverLink.Connected : null,
        VehicleType = _random.Next(3) == 0 ? (ushort)_random.Next(4) : null,
        MinSeats = (byte)(_random.Next(3) == 0 ? _random.Next(8) : 0),
        RequiredAttributes = _random.Next(3) == 0 ? (ulong)Pick(2, 4, 8, 10) : 0,
        MinFixedAtUnixMs = _random.Next(2) == 0 ? _start + _random.Next(20_000) : 0,
        ExcludedSlots = excluded,
    };

    // Written anew rather than by the filter's own words.
    private List<(DriverEntry Entry, VehicleTraits Vehicle)> Matching(DriverFilter filter) => Matching(filter, _drivers);

    private static List<(DriverEntry Entry, VehicleTraits Vehicle)> Matching(
        DriverFilter filter, IEnumerable<(DriverEntry Entry, VehicleTraits Vehicle)> drivers)
    {
        var matching = new List<(DriverEntry, VehicleTraits)>();
        foreach ((DriverEntry entry, VehicleTraits vehicle) in drivers)
        {
            if (!entry.HasFix
                || filter.Availability != null && filter.Availability != entry.Status.Availability
                || filter.Work != null && filter.Work != entry.Status.Work
                || filter.Link != null && filter.Link != entry.Status.Link
                || filter.VehicleType != null && filter.VehicleType != vehicle.VehicleType
                || vehicle.Seats < filter.MinSeats
                || (~vehicle.Attributes & filter.RequiredAttributes) != 0
                || entry.Fix.FixedAtUnixMs < filter.MinFixedAtUnixMs
                || filter.FixedBeforeUnixMs > 0 && entry.Fix.FixedAtUnixMs >= filter.FixedBeforeUnixMs
                || filter.ExcludedSlots.IndexOf(entry.Slot) >= 0)
            {
                continue;
            }

            matching.Add((entry, vehicle));
        }

        return matching;
    }

    private void CheckNearest(
        DriverFilter filter, (DriverEntry Entry, VehicleTraits Vehicle)[] matching, string what, List<string> mismatches)
    {
        GeoPoint center = AnyPlace();
        double radius = Pick(0, 100, 2_000, 2_000, 50_000, 30_000_000) * _random.NextDouble();
        var found = new NearbyDriver[Pick(1, 10, 10, 100)];
        int count = _index.Nearest(center, radius, filter, found);
        double[] distances =
            [.. matching.Select(driver => Earth.DistanceMeters(center, driver.Entry.Fix.Point)).Order()];
        double millimetre = 0.001;
        int surely = distances.Count(distance => distance < radius - millimetre);
        int perhaps = distances.Count(distance => distance < radius + millimetre);
        if (count < Math.Min(surely, found.Length) || count > Math.Min(perhaps, found.Length))
        {
            mismatches.Add($"{what}: {count} found, {surely} are in reach, {found.Length} wanted");
        }

        var slots = new HashSet<int>();
        for (int i = 0; i < count; i++)
        {
            NearbyDriver driver = found[i];
            DriverEntry entry = _drivers[driver.Slot].Entry;
            double tolerance = distances[i] > 19_000_000 ? 0.5 : millimetre; // near the antipode rounding hides more
            if (!slots.Add(driver.Slot)
                || !matching.Any(other => other.Entry.Slot == driver.Slot)
                || entry.Fix.Point != driver.Position
                || entry.Fix.FixedAtUnixMs != driver.FixedAtUnixMs
                || Math.Abs(driver.DistanceMeters - Earth.DistanceMeters(center, driver.Position)) > tolerance
                || Math.Abs(driver.DistanceMeters - distances[i]) > tolerance)
            {
                mismatches.Add($"{what}: number {i} is {driver}, should be at {distances[i]} m");
            }
        }
    }

    private void CheckWithin<TArea>(
        TArea area, DriverFilter filter, (DriverEntry Entry, VehicleTraits Vehicle)[] matching, string what, List<string> mismatches)
        where TArea : IGeoArea
    {
        var found = new DriverEntry[_drivers.Count];
        int count = _index.Within(area, filter, found);
        Compare(
            matching.Where(driver => area.Contains(driver.Entry.Fix.Point)).Select(driver => driver.Entry),
            found.Take(count), what, mismatches);
    }

    private void CheckPolygon(
        DriverFilter filter, (DriverEntry Entry, VehicleTraits Vehicle)[] matching, string what, List<string> mismatches)
    {
        Geometry geometry = AnyPolygon();
        IPreparedGeometry exact = PreparedGeometryFactory.Prepare(geometry);
        var found = new DriverEntry[_drivers.Count];
        int count = _index.Within(new GeoPolygon(geometry), filter, found);
        Compare(
            matching.Where(driver => new[] { 0, 360, -360 }.Any(turn => exact.Covers(new Point(
                driver.Entry.Fix.Point.LongitudeDegrees + turn, driver.Entry.Fix.Point.LatitudeDegrees)))).Select(driver => driver.Entry),
            found.Take(count), what, mismatches);
    }

    private void CheckRaster(
        DriverFilter filter, (DriverEntry Entry, VehicleTraits Vehicle)[] matching, string what, List<string> mismatches)
    {
        GeoRectangle area = AnyRectangle();
        double size = Math.Max(1, Math.Max(area.NorthDegrees - area.SouthDegrees, area.WidthDegrees) * Earth.MetersPerDegree / Pick(1, 7, 100));
        var raster = new GeoRaster(area, size);
        int[] counts = new int[raster.CellCount];
        counts.AsSpan().Fill(99);
        int total = _index.CountByCell(raster, filter, counts);
        int[] expected = new int[raster.CellCount];
        foreach ((DriverEntry entry, _) in matching.Where(driver => area.Contains(driver.Entry.Fix.Point)))
        {
            expected[raster.IndexOf(entry.Fix.Point)]++;
        }

        if (total != expected.Sum() || !counts.AsSpan().SequenceEqual(expected))
        {
            mismatches.Add($"{what}: {total} counted, should be {expected.Sum()}");
        }
    }

    private void CheckCounts(int[] excluded, string what, List<string> mismatches)
    {
        GeoPoint center = AnyPlace();
        double radius = Pick(0, 100, 2_000, 2_000, 50_000, 30_000_000) * _random.NextDouble();
        long before = _start + _random.Next(20_000);
        DriverFilter filter = AnyFilter(excluded) with { MinFixedAtUnixMs = 0, FixedBeforeUnixMs = _random.Next(2) == 0 ? before : 0 };
        int most = Pick(1, 10, 10_000);
        IEnumerable<(DriverEntry, VehicleTraits)> stale = _stale.Values.Select(driver => (
            driver with { Status = _drivers[driver.Slot].Entry.Status }, _drivers[driver.Slot].Vehicle));
        Compare(_index.CountWithin(new GeoCircle(center, radius), filter, most), Matching(filter), $"{what}: present");
        Compare(_index.CountStaleWithin(new GeoCircle(center, radius), filter, most), Matching(filter, stale), $"{what}: stale");

        void Compare(DriverCount counted, List<(DriverEntry Entry, VehicleTraits Vehicle)> those, string which)
        {
            int surely = those.Count(driver => Earth.DistanceMeters(center, driver.Entry.Fix.Point) < radius - 0.001);
            int perhaps = those.Count(driver => Earth.DistanceMeters(center, driver.Entry.Fix.Point) < radius + 0.001);
            if (counted.Drivers < Math.Min(surely, most) || counted.Drivers > Math.Min(perhaps, most) || !counted.IsAtLeast && counted.Drivers < surely)
            {
                mismatches.Add($"{which}: {counted} within {radius} m, are {surely}, {most} wanted");
            }
        }
    }

    private static void Compare(
        IEnumerable<DriverEntry> expected, IEnumerable<DriverEntry> found, string what, List<string> mismatches)
    {
        DriverEntry[] want = [.. expected.OrderBy(driver => driver.Slot)], have = [.. found.OrderBy(driver => driver.Slot)];
        if (!want.SequenceEqual(have))
        {
            mismatches.Add($"{what}: {have.Length} found, should be {want.Length}");
        }
    }

    private GeoPoint AnyPlace() => Earth.Destination(_spot, _random.NextDouble() * 360, _random.NextDouble() * _spread);

    private GeoPoint AnywhereOnEarth() => new(_random.NextDouble() * 180 - 90, _random.NextDouble() * 360 - 180);

    private GeoRectangle AnyRectangle()
    {
        if (_random.Next(5) == 0)
        {
            GeoPoint a = AnywhereOnEarth(), b = AnywhereOnEarth();
            return new GeoRectangle(
                Math.Min(a.LatitudeDegrees, b.LatitudeDegrees), a.LongitudeDegrees, Math.Max(a.LatitudeDegrees, b.LatitudeDegrees), b.LongitudeDegrees);
        }

        GeoPoint corner = AnyPlace();
        double size = Math.Min(90, _spread / Earth.MetersPerDegree);
        double east = corner.LongitudeDegrees + _random.NextDouble() * size * 2;
        return new GeoRectangle(
            corner.LatitudeDegrees,
            corner.LongitudeDegrees,
            Math.Min(90, corner.LatitudeDegrees + _random.NextDouble() * size),
            east > 180 ? east - 360 : east);
    }

    /// <summary>A star with a hole around some place, or two of them; it may go on beyond the antimeridian.</summary>
    private Geometry AnyPolygon()
    {
        Polygon star = AnyStar();
        Polygon other = AnyStar();
        return _random.Next(3) == 0 && !star.Intersects(other) && Math.Abs(star.Centroid.X - other.Centroid.X) < 100
            ? new MultiPolygon([star, other])
            : star;
    }

    private Polygon AnyStar()
    {
        GeoPoint center = AnyPlace();
        double size = Math.Clamp(_spread / Earth.MetersPerDegree, 1e-6, 30) * (0.1 + _random.NextDouble());
        int points = _random.Next(3, 60);
        double[] radii = [.. Enumerable.Range(0, points).Select(_ => size * (0.3 + 0.7 * _random.NextDouble()))];
        LinearRing Ring(double scale) => new(
            [.. Enumerable.Range(0, points + 1).Select(i =>
            {
                (double sine, double cosine) = Math.SinCos(Math.Tau * (i % points) / points);
                double radius = radii[i % points] * scale;
                return new Coordinate(center.LongitudeDegrees + radius * cosine, Math.Clamp(center.LatitudeDegrees + radius * sine, -90, 90));
            })]);
        // Clamped to a pole a star may lie on itself: then only its size changes.
        bool nearPole = Math.Abs(center.LatitudeDegrees) + size >= 90;
        return nearPole
            ? new GeometryFactory().ToGeometry(new Envelope(
                center.LongitudeDegrees, center.LongitudeDegrees + size, Math.Max(-90, center.LatitudeDegrees - size), Math.Min(90, center.LatitudeDegrees + size))) is Polygon box
                ? box
                : throw new InvalidOperationException("An envelope without an area.")
            : new Polygon(Ring(1), _random.Next(2) == 0 ? [Ring(0.5)] : []);
    }

    private T Pick<T>(params T[] choices) => choices[_random.Next(choices.Length)];
}
