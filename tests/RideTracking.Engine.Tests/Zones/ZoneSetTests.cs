using CsCheck;
using NetTopologySuite.Geometries;
using RideTracking.Engine.Geo;
using RideTracking.Engine.Zones;

namespace RideTracking.Engine.Tests.Zones;

/// <summary>The lookup by cells against NetTopologySuite asked about each zone.</summary>
public class ZoneSetTests
{
    private static readonly GeometryFactory Factory = new();
    private static readonly double[] Turns = [0, 360];

    [Fact]
    public void A_place_is_in_the_zones_that_NetTopologySuite_says() =>
        Gen.Select(ZoneWorld.Center, Gen.Int[1, 25], Gen.Double[-3, -0.1], Gen.Int[0, 1 << 20]).Sample(
            (center, count, size, seed) =>
            {
                var random = new Random(seed);
                double spread = Math.Pow(10, size);
                ZoneSet set = ZoneSet.Of(Enumerable.Range(0, count).Select(i => ZoneWorld.Named(
                    $"z{i}",
                    ZoneWorld.Star(Near(center, spread, random), 0.9 * spread * (0.05 + 0.95 * random.NextDouble()), random, i % 2 == 0))));
                for (int i = 0; i < 300; i++)
                {
                    AssertSame(set, Near(center, 2 * spread, random));
                }

                foreach (Zone zone in set.Zones)
                {
                    AssertOnBorder(set, zone);
                }
            },
            iter: 40);

    [Fact]
    public void A_way_crosses_the_borders_that_NetTopologySuite_says() =>
        Gen.Select(ZoneWorld.Center, Gen.Int[1, 25], Gen.Double[-3, -0.1], Gen.Double[0.001, 2], Gen.Int[0, 1 << 20]).Sample(
            (center, count, size, step, seed) =>
            {
                var random = new Random(seed);
                double spread = Math.Pow(10, size);
                ZoneSet set = ZoneSet.Of(Enumerable.Range(0, count).Select(i => ZoneWorld.Named(
                    $"z{i}",
                    ZoneWorld.Star(Near(center, spread, random), 0.9 * spread * (0.05 + 0.95 * random.NextDouble()), random, i % 2 == 0))));
                var found = new List<int>();
                for (int i = 0; i < 200; i++)
                {
                    GeoPoint from = Near(center, 2 * spread, random), to = Near(from, step * spread, random);
                    set.Cross(from, to, found);
                    IEnumerable<int> expected = Enumerable.Range(0, count).Where(zone => new[] { -360, 0, 360 }.Any(turn =>
                        set.Zones[zone].Geometry.Area.Boundary.Intersects(Factory.CreateLineString(
                        [
                            new Coordinate(from.LongitudeDegrees + turn, from.LatitudeDegrees),
                            new Coordinate(
                                from.LongitudeDegrees + turn + Earth.TurnDegrees(from.LongitudeDegrees, to.LongitudeDegrees), to.LatitudeDegrees),
                        ]))));
                    Assert.Equal(expected, found.Order());
                }
            },
            iter: 40);

    // Also of ways that end, begin or turn on corners and edges, and where there are more edges than a cell lists.
    [Fact]
    public void Both_ends_of_a_way_that_is_clear_of_borders_are_in_the_same_zones()
    {
        int clear = 0, all = 0;
        Gen.Select(ZoneWorld.Center, Gen.Int[1, 40], Gen.Double[-4, -0.1], Gen.Double[-6, 0], Gen.Int[0, 1 << 20]).Sample(
            (center, count, size, step, seed) =>
            {
                var random = new Random(seed);
                double spread = Math.Pow(10, size);
                ZoneSet set = ZoneSet.Of(Enumerable.Range(0, count).Select(i => ZoneWorld.Named(
                    $"z{i}",
                    ZoneWorld.Star(Near(center, spread, random), 0.9 * spread * (0.05 + 0.95 * random.NextDouble()), random, i % 2 == 0))));
                var found = new List<int>();
                for (int i = 0; i < 200; i++)
                {
                    Edge edge = set.Zones[random.Next(count)].Geometry.Border.Edges is var edges ? edges[random.Next(edges.Length)] : default;
                    GeoPoint from = Near(center, 2 * spread, random), corner = Place(edge, 0), middle = Place(edge, 0.5);
                    GeoPoint to = (i % 4) switch
                    {
                        0 => corner,
                        1 => middle,
                        2 => Near(corner, 1e-7, random),
                        _ => Near(from, Math.Pow(10, step) * spread, random),
                    };
                    from = i % 8 < 4 ? from : i % 4 < 2 ? Place(edge, 0.25) : Near(to, 1e-4 * spread, random);
                    foreach ((GeoPoint a, GeoPoint b) in new[] { (from, to), (to, from) })
                    {
                        bool isClear = set.Cross(a, b, found);
                        all++;
                        if (isClear)
                        {
                            clear++;
                            Assert.Empty(found);
                            Assert.True(set.Containing(a).SequenceEqual(set.Containing(b)), $"{i} {a.LatitudeDegrees:R} {a.LongitudeDegrees:R} -> {b.LatitudeDegrees:R} {b.LongitudeDegrees:R} edge {edge}");
                        }
                    }
                }

                static GeoPoint Place(Edge edge, double share) => new(
                    edge.Y1 + share * (edge.Y2 - edge.Y1), Earth.WrapLongitude(edge.X1 + share * (edge.X2 - edge.X1)));
            },
            iter: 25);
        Assert.InRange((double)clear / all, 0.1, 0.9);
    }

    [Fact]
    public void Zones_all_over_the_earth_are_found() =>
        Gen.Select(Gen.Int[1, 60], Gen.Int[0, 1 << 20]).Sample(
            (count, seed) =>
            {
                var random = new Random(seed);
                GeoPoint[] centers = [.. Enumerable.Range(0, count).Select(
                    _ => new GeoPoint(178 * random.NextDouble() - 89, 360 * random.NextDouble() - 180))];
                ZoneSet set = ZoneSet.Of(centers.Select(
                    (center, i) => ZoneWorld.Named($"z{i}", ZoneWorld.Star(center, 0.9 * random.NextDouble() + 0.01, random))));
                foreach (GeoPoint center in centers)
                {
                    for (int i = 0; i < 30; i++)
                    {
                        AssertSame(set, Near(center, 1, random));
                    }
                }
            },
            iter: 30);

    [Fact]
    public void A_zone_that_came_changed_or_went_is_looked_up_as_it_is_now()
    {
        var random = new Random(7);
        ZoneSet set = ZoneSet.Empty;
        Span<int> none = stackalloc int[1];
        Assert.Equal(0, set.Containing(Places.Porto, none));
        for (int version = 1; version <= 60; version++)
        {
            string id = $"z{random.Next(12)}";
            set = random.Next(4) == 0
                ? ZoneSet.Of(set.Zones.Where(zone => zone.Id != id))
                : set.With(ZoneWorld.Named(id, ZoneWorld.Star(Near(Places.Porto, 0.02, random), 0.01, random), version: version));
            for (int i = 0; i < 50; i++)
            {
                AssertSame(set, Near(Places.Porto, 0.04, random));
            }
        }

        Assert.Throws<ArgumentException>(() => ZoneSet.Of([set.Zones[0], set.Zones[0]]));
    }

    [Fact]
    public void A_zone_on_the_wrong_side_of_the_equator_makes_no_more_cells()
    {
        var south = new GeoPoint(-Places.Porto.LatitudeDegrees, Places.Porto.LongitudeDegrees);
        ZoneSet set = ZoneSet.Of(
            [ZoneWorld.Named("a", ZoneWorld.Around(Places.Porto, 100)), ZoneWorld.Named("b", ZoneWorld.Around(south, 100))]);
        Assert.InRange(set.NodeCount, 1, 200);
        Assert.Equal(["a"], set.Containing(Places.Porto).Select(zone => zone.Id));
        Assert.Equal(["b"], set.Containing(south).Select(zone => zone.Id));
    }

    [Fact]
    public void A_span_that_is_too_short_is_filled_and_the_whole_count_told()
    {
        ZoneSet set = ZoneSet.Of(Enumerable.Range(0, 5).Select(
            i => ZoneWorld.Named($"z{i}", ZoneWorld.Around(Places.Porto, 100 + i))));
        Assert.True(set.MaxZonesAtOnce >= 5);
        var two = new int[2];
        Assert.Equal(5, set.Containing(Places.Porto, two));
        Assert.Equal([0, 1], two);
        Assert.Equal(0, set.Containing(new GeoPoint(double.NaN, 0), two));
        Assert.Equal((3, -1), (set.NumberOf("z3"), set.NumberOf("no")));
    }

    [Fact]
    public void Service_areas_admit_and_no_pickup_zones_refuse()
    {
        Zone hole = ZoneWorld.Named("stadium", ZoneWorld.Around(Places.Porto, 100), ZoneKind.NoPickup);
        ZoneAdmission everywhere = ZoneSet.Empty.Admits(Places.Porto);
        Assert.True(everywhere.ServedEverywhere && everywhere.AllowsPickup);
        ZoneAdmission refused = ZoneSet.Of([hole]).Admits(Places.Porto);
        Assert.True(refused.IsServed);
        Assert.False(refused.AllowsPickup);
        Assert.Equal([hole], refused.NoPickupZones);

        Zone city = ZoneWorld.Named("city", ZoneWorld.Around(Places.Porto, 5_000), ZoneKind.ServiceArea);
        ZoneSet set = ZoneSet.Of([hole, city]);
        Assert.Equal([city], set.Admits(Places.Porto).ServiceAreas);
        Assert.True(set.Admits(ZoneWorld.Offset(Places.Porto, 1_000, 0)).AllowsPickup);
        Assert.False(set.Admits(ZoneWorld.Offset(Places.Porto, 6_000, 0)).IsServed);
    }

    [Fact]
    public void The_nearest_allowed_place_is_allowed_clear_of_borders_and_none_is_nearer() =>
        Gen.Select(ZoneWorld.Center, Gen.Int[0, 3], Gen.Int[0, 6], Gen.Int[0, 1 << 20]).Sample(
            (center, areas, holes, seed) =>
            {
                var random = new Random(seed);
                ZoneSet set = ZoneSet.Of(
                [
                    .. Enumerable.Range(0, areas).Select(i => ZoneWorld.Named(
                        $"a{i}", ZoneWorld.Star(Near(center, 0.01, random), 0.012, random), ZoneKind.ServiceArea)),
                    .. Enumerable.Range(0, holes).Select(i => ZoneWorld.Named(
                        $"n{i}", ZoneWorld.Star(Near(center, 0.005, random), 0.004, random), ZoneKind.NoPickup)),
                ]);
                for (int i = 0; i < 4; i++)
                {
                    GeoPoint from = Near(center, 0.012, random);
                    GeoPoint? found = set.NearestAllowed(from);
                    if (set.Admits(from).AllowsPickup)
                    {
                        Assert.Equal(from, found);
                        continue;
                    }

                    double distance = found is { } place ? Earth.DistanceMeters(from, place) : 5_000;
                    if (found is { } allowed)
                    {
                        Assert.True(set.Admits(allowed).AllowsPickup);
                        Assert.All(
                            set.Zones.Where(zone => zone.Kind == ZoneKind.NoPickup),
                            zone => Assert.InRange(zone.Geometry.MetersToBorder(allowed, 10), 4.5, 10));
                    }

                    // Places all around that are clearly nearer are refused, or too near to a border.
                    for (int probe = 0; probe < 60; probe++)
                    {
                        GeoPoint nearer = Earth.Destination(
                            from, random.NextDouble() * 360, distance * 0.98 * Math.Sqrt(random.NextDouble()));
                        Assert.False(
                            set.Admits(nearer).AllowsPickup
                            && set.Zones.All(zone => zone.Geometry.MetersToBorder(nearer, 10) > 6),
                            $"{nearer} is nearer to {from} than {found}");
                    }
                }
            },
            iter: 40);

    [Fact]
    public void A_lookup_allocates_nothing()
    {
        var random = new Random(3);
        ZoneSet set = ZoneSet.Of(Enumerable.Range(0, 50).Select(i => ZoneWorld.Named(
            $"z{i}", ZoneWorld.Star(Near(Places.Porto, 0.05, random), 0.02, random))));
        GeoPoint[] places = [.. Enumerable.Range(0, 2_000).Select(_ => Near(Places.Porto, 0.05, random))];
        var found = new int[set.MaxZonesAtOnce];
        int total = Count();
        int again = 0;
        Assert.Equal(0, Allocated.By(() => () => again = Count()));
        Assert.Equal(total, again);
        Assert.True(total > 0);

        int Count()
        {
            int sum = 0;
            foreach (GeoPoint place in places)
            {
                sum += set.Containing(place, found);
            }

            return sum;
        }
    }

    private static GeoPoint Near(GeoPoint center, double degrees, Random random) => new(
        Math.Clamp(center.LatitudeDegrees + degrees * (2 * random.NextDouble() - 1), -89.05, 89.05),
        Earth.WrapLongitude(center.LongitudeDegrees
            + degrees * (2 * random.NextDouble() - 1) / Math.Max(Math.Cos(center.LatitudeDegrees * Math.PI / 180), 0.02)));

    private static void AssertSame(ZoneSet set, GeoPoint point)
    {
        Span<int> found = new int[set.Zones.Length];
        int count = set.Containing(point, found);
        int[] expected = [.. Enumerable.Range(0, set.Zones.Length).Where(zone => Covers(set.Zones[zone], point))];
        Assert.True(expected.AsSpan().SequenceEqual(found[..count]), $"{point}: {string.Join(",", expected)}");
    }

    private static bool Covers(Zone zone, GeoPoint point) =>
        Turns.Any(turn => zone.Geometry.Area.Covers(
            Factory.CreatePoint(new Coordinate(point.LongitudeDegrees + turn, point.LatitudeDegrees))));

    private static void AssertOnBorder(ZoneSet set, Zone zone)
    {
        // Corners are on the border to the last bit where no turn was added.
        foreach (Coordinate corner in zone.Geometry.Area.Coordinates.Where(corner => corner.X <= 180))
        {
            var place = new GeoPoint(corner.Y, corner.X);
            Assert.Contains(zone, set.Containing(place));
            AssertSame(set, place);
        }
    }
}
