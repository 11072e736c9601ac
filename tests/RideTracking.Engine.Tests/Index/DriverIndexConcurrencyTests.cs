using CsCheck;
using RideTracking.Engine.Geo;
using RideTracking.Engine.Index;
using RideTracking.Engine.Ingest;

namespace RideTracking.Engine.Tests.Index;

/// <summary>
/// Searches while drivers move. Every fix of these drivers carries its driver and its round in several fields, so that an
/// entry torn between two fixes, or one driver's entry under another's slot, shows.
/// </summary>
public class DriverIndexConcurrencyTests
{
    private const int Drivers = 3_000;
    private const int Rounds = 60;
    private const double HomeRadiusMeters = 3_000;
    private readonly DriverIndex _index = new();
    private readonly GeoPoint[][] _places;
    private readonly long _start; // of the rounds' times: now, or so far off that cells do not hold it

    public DriverIndexConcurrencyTests()
    {
        // Everybody hops between a few places of their own across cells; the odd ones stay within the home circle.
        int seed = (int)Gen.UInt.Single();
        TestContext.Current.TestOutputHelper?.WriteLine($"seed {seed}");
        var random = new Random(seed);
        _start = random.Next(3) == 0 ? 0 : 1_750_000_000_000;
        _places = [.. Enumerable.Range(0, Drivers).Select(driver => Enumerable.Range(0, 4).Select(_ => Earth.Destination(
            Places.Porto, random.NextDouble() * 360, random.NextDouble() * (driver % 2 == 1 ? HomeRadiusMeters : 12_000))).ToArray())];
        for (int driver = 0; driver < Drivers; driver++)
        {
            Drive(driver, 1);
        }
    }

    [Fact]
    public async Task Nearest_sees_nobody_twice_nobody_torn_and_misses_nobody() => await SearchWhileDriving(() =>
    {
        var found = new NearbyDriver[Drivers];
        int count = _index.Nearest(Places.Porto, HomeRadiusMeters + 1, new DriverFilter(), found);
        var slots = new HashSet<int>();
        foreach (NearbyDriver driver in found.AsSpan(0, count))
        {
            Assert.True(slots.Add(driver.Slot), $"slot {driver.Slot} twice");
            Assert.Equal(World.FixAt(PlaceOf(driver.Slot, driver.FixedAtUnixMs - _start), 0).Point, driver.Position);
            Assert.Equal(Earth.DistanceMeters(Places.Porto, driver.Position), driver.DistanceMeters, 0.001);
        }

        AssertAllAtHome(slots);
    });

    [Fact]
    public async Task Within_sees_nobody_twice_nobody_torn_and_misses_nobody()
    {
        double height = HomeRadiusMeters / Earth.MetersPerDegree + 1e-4;
        double width = height / Math.Cos(Places.Porto.LatitudeDegrees * Math.PI / 180) + 1e-4;
        var home = new GeoRectangle(
            Places.Porto.LatitudeDegrees - height,
            Places.Porto.LongitudeDegrees - width,
            Places.Porto.LatitudeDegrees + height,
            Places.Porto.LongitudeDegrees + width);
        await SearchWhileDriving(() =>
        {
            var found = new DriverEntry[Drivers];
            int count = _index.Within(home, found);
            var slots = new HashSet<int>();
            foreach (DriverEntry driver in found.AsSpan(0, count))
            {
                Assert.True(slots.Add(driver.Slot), $"slot {driver.Slot} twice");
                AssertWhole(driver);
            }

            AssertAllAtHome(slots);
        });
    }

    [Fact]
    public async Task The_nearest_few_are_those_who_stand_still_nearest_or_who_came_nearer()
    {
        // Stand still on a spiral around the centre, farther each.
        const int still = 200, wanted = 10;
        for (int number = 0; number < still; number++)
        {
            Stand(Drivers + number, Earth.Destination(Places.Porto, number * 77, 10 + number * 10), number);
        }

        await SearchWhileDriving(() =>
        {
            var found = new NearbyDriver[wanted];
            var filter = new DriverFilter { VehicleType = 3, MinSeats = 5, MinFixedAtUnixMs = _start };
            Assert.Equal(wanted, _index.Nearest(Places.Porto, HomeRadiusMeters, filter, found));
            Assert.Equal(wanted, found.Select(driver => driver.Slot).Distinct().Count());
            Assert.All(found, driver => Assert.True(_index.VehicleOf(driver.Slot) is { VehicleType: 3, Seats: 5 }));
            double farthest = found[^1].DistanceMeters;
            for (int number = 0; number < still; number++)
            {
                Assert.True(
                    number % 2 == 0 || 10 + number * 10 > farthest - 0.01 || found.Any(driver => driver.Slot == Drivers + number),
                    $"driver {number} stands at {10 + number * 10} m and is missing, {farthest} m is among the nearest");
            }
        });
    }

    [Fact]
    public async Task Who_moves_inside_a_cell_is_told_with_the_time_of_the_place()
    {
        const long start = 1_750_000_000_000;
        var index = new DriverIndex();
        Task writing = Task.Run(
            () =>
            {
                for (int round = 1; round < 400_000; round++)
                {
                    index.Update(round % 3, World.FixAt(PlaceAt(round), start + round), out _);
                }
            },
            TestContext.Current.CancellationToken);
        var found = new NearbyDriver[2];
        bool isLast;
        do
        {
            isLast = writing.IsCompleted;
            int count = index.Nearest(Places.Porto, 1_000, new DriverFilter { MinFixedAtUnixMs = start }, found);
            foreach (NearbyDriver driver in found.AsSpan(0, count))
            {
                long round = driver.FixedAtUnixMs - start;
                if (driver.Slot != round % 3 || driver.Position != World.FixAt(PlaceAt(round), 0).Point)
                {
                    Assert.Fail($"driver {driver.Slot} at {driver.Position} with the time of round {round}");
                }
            }
        }
        while (!isLast);
        await writing;

        static GeoPoint PlaceAt(long round) => new(Places.Porto.LatitudeDegrees + round % 1_000 * 1e-7, Places.Porto.LongitudeDegrees);
    }

    [Fact]
    public async Task A_polygon_and_a_raster_miss_nobody_who_stands_still_and_count_nobody_twice()
    {
        const int still = 300;
        for (int number = 0; number < still; number++)
        {
            Stand(Drivers + number, Earth.Destination(Places.Porto, number * 77, number * 9), number);
        }

        const double size = 0.2;
        var square = new GeoRectangle(
            Places.Porto.LatitudeDegrees - size, Places.Porto.LongitudeDegrees - size,
            Places.Porto.LatitudeDegrees + size, Places.Porto.LongitudeDegrees + size);
        var polygon = new GeoPolygon(new NetTopologySuite.Geometries.GeometryFactory().ToGeometry(
            new NetTopologySuite.Geometries.Envelope(square.WestDegrees, square.EastDegrees, square.SouthDegrees, square.NorthDegrees)));
        var raster = new GeoRaster(square, 500);
        await SearchWhileDriving(() =>
        {
            var filter = new DriverFilter { VehicleType = 3 };
            var found = new DriverEntry[still];
            // Everybody stays within the square, so it is always the same drivers.
            Assert.Equal(still / 2, _index.Within(polygon, filter, found));
            Assert.Equal(
                Enumerable.Range(0, still).Where(number => number % 2 == 1).Select(number => Drivers + number),
                found.Take(still / 2).Select(driver => driver.Slot).Order());
            Assert.Equal(still / 2, _index.CountByCell(raster, filter, new int[raster.CellCount]));
            Assert.Equal(Drivers + still, _index.CountByCell(raster, new DriverFilter(), new int[raster.CellCount]));
        });
    }

    [Fact]
    public async Task A_single_driver_is_never_read_torn()
    {
        CancellationToken cancel = TestContext.Current.CancellationToken;
        Fix[] fixes = [.. _places[0].Select(place => World.FixAt(place, 0))];
        Task writing = Task.Run(
            () =>
            {
                for (int round = 2; round < 700_000; round++)
                {
                    ref Fix fix = ref fixes[round % 4];
                    fix.Sequence = (ulong)round;
                    fix.FixedAtUnixMs = _start + round;
                    fix.SensorTimeUnixMs = round;
                    fix.AltitudeMeters = round;
                    _index.Update(0, fix, out _);
                }
            },
            cancel);
        bool isLast;
        do
        {
            isLast = writing.IsCompleted;
            _index.TryGet(0, out DriverEntry entry);
            Fix fix = entry.Fix;
            long round = fix.FixedAtUnixMs - _start;
            // Plain comparisons, since a slow reader meets the writer too rarely.
            if (round > 1
                && ((long)fix.Sequence != round || fix.SensorTimeUnixMs != round || (long)fix.AltitudeMeters != round
                    || fix.LatitudeE7 != fixes[round % 4].LatitudeE7 || fix.LongitudeE7 != fixes[round % 4].LongitudeE7))
            {
                Assert.Fail($"torn: {fix.Sequence} {round} {fix.SensorTimeUnixMs} {fix.AltitudeMeters}");
            }
        }
        while (!isLast);
        await writing;
    }

    [Fact]
    public async Task What_is_read_under_one_version_of_a_lock_belongs_together()
    {
        var shared = new Guarded();
        Task writing = Task.Run(
            () =>
            {
                for (int value = 1; value <= 20_000; value++)
                {
                    shared.Lock.Enter();
                    shared.First = value;
                    Thread.Yield(); // lets the reader in, on one core too
                    shared.Second = value;
                    shared.Lock.Exit();
                    Thread.Yield();
                }
            },
            TestContext.Current.CancellationToken);
        bool isLast, isWhole;
        do
        {
            isLast = writing.IsCompleted;
            int version = shared.Lock.ReadVersion();
            int first = shared.First;
            Thread.Yield();
            int second = shared.Second;
            isWhole = shared.Lock.IsStill(version);
            if (isWhole)
            {
                Assert.Equal(first, second);
            }
        }
        while (!isLast);
        await writing;
        Assert.True(isWhole); // nobody wrote any more
    }

    [Fact]
    public async Task Writers_of_the_same_drivers_agree_on_the_newest_and_on_the_counts()
    {
        CancellationToken cancel = TestContext.Current.CancellationToken;
        await Task.WhenAll(Enumerable.Range(0, 4).Select(writer => Task.Run(
            () =>
            {
                var left = new DriverChange[256];
                for (int round = 2; round < Rounds; round++)
                {
                    for (int driver = writer % 2; driver < Drivers; driver += 2)
                    {
                        Drive(driver, round);
                        _index.SetLink(driver, round % 2 == 0 ? DriverLink.Connected : DriverLink.Lost);
                    }

                    // Nearly everybody goes stale and comes back, but for the last round.
                    while (_index.SweepStale(_start + round, left) == left.Length)
                    {
                    }
                }
            },
            cancel)));
        var nearest = new NearbyDriver[Drivers + 1];
        Assert.Equal(Drivers, _index.Nearest(Places.Porto, 1e6, new DriverFilter(), nearest));
        Assert.Equal(Drivers, nearest.Take(Drivers).Select(driver => driver.Slot).Distinct().Count());
        Assert.All(nearest.Take(Drivers), driver => Assert.Equal(_start + Rounds - 1, driver.FixedAtUnixMs));
        Assert.Equal(new DriverCount(0, false), _index.CountStaleWithin(new GeoCircle(Places.Porto, 1e6), new DriverFilter(), Drivers));
        FleetCounts counts = _index.Count();
        Assert.Equal(Drivers, counts.Tracked);
        Assert.Equal(
            Enumerable.Range(0, Drivers).Count(driver =>
                _index.TryGet(driver, out DriverEntry entry) && entry.Status.Link == DriverLink.Connected),
            counts.Connected);
        Assert.Equal(Drivers, _index.SweepStale(_start + Rounds, new DriverChange[Drivers + 1]));
        Assert.Equal(new DriverCount(Drivers, false), _index.CountStaleWithin(new GeoCircle(Places.Porto, 1e6), new DriverFilter(), Drivers + 1));
    }

    [Fact]
    public async Task Slots_given_to_many_at_once_are_dense_and_one_each()
    {
        var slots = new DriverSlots();
        int[][] given = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(
            () => Enumerable.Range(0, 5_000).Select(driver =>
            {
                int slot = slots.GetOrAdd($"driver-{driver}");
                Assert.Equal($"driver-{driver}", slots.IdOf(slot));
                return slot;
            }).ToArray(),
            TestContext.Current.CancellationToken)));
        Assert.All(given, mine => Assert.Equal(given[0], mine));
        Assert.Equal(Enumerable.Range(0, 5_000), given[0].Order());
        Assert.Equal(5_000, slots.Count);
        Assert.False(slots.TryGet("nobody", out int _));
        Assert.False(slots.TryGetId(5_000, out string? _));
        Assert.Throws<ArgumentOutOfRangeException>(() => slots.IdOf(5_000));
    }

    private GeoPoint PlaceOf(int driver, long round) => _places[driver][round % 4];

    private void Drive(int driver, int round)
    {
        Fix fix = World.FixAt(PlaceOf(driver, round), _start + round);
        fix.Sequence = (ulong)round;
        fix.SensorTimeUnixMs = driver;
        fix.AltitudeMeters = round;
        _index.Update(driver, fix, out _);
    }

    // Every other one is of the type that is searched for, and nobody else is.
    private void Stand(int slot, GeoPoint place, int number)
    {
        _index.SetVehicle(slot, new VehicleTraits((ushort)(number % 2 == 1 ? 3 : 1), 5, 0));
        _index.Update(slot, World.FixAt(place, _start + 1), out _);
    }

    private void AssertWhole(in DriverEntry driver)
    {
        long round = driver.Fix.FixedAtUnixMs - _start;
        Assert.Equal(World.FixAt(PlaceOf(driver.Slot, round), 0).Point, driver.Fix.Point);
        Assert.Equal(
            (driver.Slot, round, round), (driver.Fix.SensorTimeUnixMs, (long)driver.Fix.Sequence, (long)driver.Fix.AltitudeMeters));
    }

    private static void AssertAllAtHome(HashSet<int> slots)
    {
        for (int driver = 1; driver < Drivers; driver += 2)
        {
            Assert.True(slots.Contains(driver), $"driver {driver} was at home all the while and is missing");
        }
    }

    private async Task SearchWhileDriving(Action search)
    {
        using var arrived = new CancellationTokenSource();
        Task[] writers = [.. Enumerable.Range(0, 2).Select(writer => Task.Run(
            () =>
            {
                for (int round = 2; round < Rounds; round++)
                {
                    for (int driver = writer; driver < Drivers; driver += 2)
                    {
                        Drive(driver, round);
                    }
                }
            },
            TestContext.Current.CancellationToken))];
        Task searching = Task.Run(
            () =>
            {
                do
                {
                    search();
                }
                while (!arrived.IsCancellationRequested);
            },
            TestContext.Current.CancellationToken);
        await Task.WhenAll(writers);
        await arrived.CancelAsync();
        await searching;
        search();
    }

    private sealed class Guarded
    {
        public SeqLock Lock;
        public int First;
        public int Second;
    }
}
