using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using RideTracking.Engine.Geo;
using RideTracking.Engine.Index;
using RideTracking.Engine.Ingest;
using RideTracking.Server.Nearby;
using RideTracking.Server.Trips;

namespace RideTracking.Server.Tests.Riders;

/// <summary>What somebody learns who collects all that is ever shown of cars and does the sums.</summary>
public sealed class BlurTests
{
    private const double Side = 250;

    // Of a point that may be anywhere in a square, the distance to the middle: the mean, in sides.
    private const double MeanMiss = 0.3826;
    private static readonly GeoPoint Porto = new(41.15, -8.61);
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(30);

    [Fact]
    public void Within_a_window_every_look_tells_the_same_whatever_the_car_does()
    {
        var city = new City();
        city.Put("d1", Porto);
        var first = city.Look();
        for (var second = 1; second < 30; second++)
        {
            city.Time.Advance(TimeSpan.FromSeconds(1));
            city.Put("d1", Earth.Destination(Porto, 60, 20 * second));
            Assert.Equal(first, city.Look());
        }

        city.Time.Advance(TimeSpan.FromSeconds(1));
        city.Put("d1", Earth.Destination(Porto, 60, 600));
        Assert.NotEqual(first, city.Look());
    }

    [Fact]
    public void Who_averages_all_windows_comes_to_the_squares_middle_and_no_nearer_to_the_car()
    {
        // The best there is: the places are drawn evenly from the square, so their mean is its middle, and more of them
        // are of no more use.
        const int cars = 300, windows = 1_000;
        var random = new Random(5);
        var city = new City();
        var truth = new GeoPoint[cars];
        for (var car = 0; car < cars; car++)
        {
            truth[car] = Earth.Destination(Porto, random.NextDouble() * 360, 5_000 * random.NextDouble());
            city.Put($"d{car}", truth[car]);
        }

        var (latitudes, longitudes) = (new double[cars], new double[cars]);
        var (shownMiss, closest) = (0.0, double.MaxValue);
        var halfway = 0.0;
        for (var window = 0; window < windows; window++)
        {
            foreach (var (slot, place) in city.LookAtAll(cars))
            {
                latitudes[slot] += place.LatitudeDegrees;
                longitudes[slot] += place.LongitudeDegrees;
                var miss = Earth.DistanceMeters(place, truth[slot]);
                shownMiss += miss / (cars * windows);
                closest = Math.Min(closest, miss);
                Assert.True(miss < Side * Math.Sqrt(2) + 1);
            }

            city.Time.Advance(Window);
            city.Refresh(truth);
            if (window == (windows / 10) - 1)
            {
                halfway = MeanOf(windows / 10);
            }
        }

        // A tenth of the windows told as much as all of them.
        var all = MeanOf(windows);
        Assert.InRange(all, MeanMiss * Side * 0.9, MeanMiss * Side * 1.1);
        Assert.InRange(halfway, all * 0.95, all * 1.1);
        // One look is farther off: the mean distance of two points of a square.
        Assert.InRange(shownMiss, 0.5214 * Side * 0.95, 0.5214 * Side * 1.05);

        double MeanOf(int seen) => Enumerable.Range(0, cars).Average(
            car => Earth.DistanceMeters(new GeoPoint(latitudes[car] / seen, longitudes[car] / seen), truth[car]));
    }

    [Fact]
    public void Nothing_but_the_square_decides_what_is_shown()
    {
        // So nobody can tell two places of one square apart, by any sum over any number of windows.
        var cells = new SquareCells(Side);
        var cell = cells.Of(Porto);
        var (one, other) = (new City(), new City());
        for (var window = 0; window < 200; window++)
        {
            one.Put("d1", cells.PlaceIn(cell, 0.01, 0.01));
            other.Put("d1", cells.PlaceIn(cell, 0.99, 0.7));
            Assert.Equal(one.Look(), other.Look());
            one.Time.Advance(Window);
            other.Time.Advance(Window);
        }
    }

    [Fact]
    public void A_car_that_is_parked_on_the_line_between_squares_does_not_change_them_with_its_noise()
    {
        var cells = new SquareCells(Side);
        var corner = cells.PlaceIn(cells.Of(Porto), 0, 0);
        var random = new Random(6);
        var city = new City();
        var squares = new HashSet<SquareCell>();
        for (var window = 0; window < 2_000; window++)
        {
            city.Put("d1", Earth.Destination(corner, random.NextDouble() * 360, 15 * random.NextDouble()));
            squares.Add(cells.Of(city.Look()));
            city.Time.Advance(Window);
        }

        Assert.Single(squares);
    }

    [Fact]
    public void Cars_in_the_same_square_and_the_same_car_in_two_windows_have_nothing_in_common()
    {
        var city = new City();
        city.Put("d1", Porto);
        city.Put("d2", Porto);
        var before = city.LookAtAll(2);
        city.Time.Advance(Window);
        city.Put("d1", Porto);
        city.Put("d2", Porto);
        var after = city.LookAtAll(2);
        Assert.Equal(4, before.Values.Concat(after.Values).Distinct().Count());
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(0.0001, -0.0001)]
    [InlineData(-33.9, 151.2)]
    [InlineData(64.1, -21.9)]
    [InlineData(-17, 179.9999)]
    [InlineData(-17, -180)]
    [InlineData(89.9999, 12)]
    [InlineData(-90, 0)]
    public void Squares_hold_their_places_all_over_the_earth(double latitude, double longitude)
    {
        var cells = new SquareCells(Side);
        var point = new GeoPoint(latitude, longitude);
        var cell = cells.Of(point);
        Assert.True(cells.IsNear(cell, point, 1e-6));
        foreach (var (up, right) in new[] { (0.0, 0.0), (0.5, 0.5), (0.999, 0.999) })
        {
            var place = cells.PlaceIn(cell, up, right);
            Assert.True(place.IsValid);
            Assert.True(Earth.DistanceMeters(point, place) < 2 * Side);
            Assert.True(cells.IsNear(cell, place, 1e-6));
        }

        Assert.Equal(cell, cells.Of(cells.PlaceIn(cell, 0.5, 0.5)));
    }

    private sealed class City
    {
        private readonly DriverSlots _slots = new();
        private readonly DriverIndex _index = new();
        private readonly IOptions<NearbyOptions> _options = Options.Create(new NearbyOptions { CellMeters = Side, Window = Window, FrameInterval = TimeSpan.FromSeconds(1) });
        private readonly ShownCars _cars;

        public City() => _cars = new ShownCars(_slots, _index, _options, Options.Create(new TripOptions()), Time, Secret());

        private static BlurSecret Secret()
        {
            var secret = new BlurSecret();
            secret.Use(new byte[BlurSecret.Length]);
            return secret;
        }

        public FakeTimeProvider Time { get; } = new(new DateTimeOffset(2026, 1, 1, 8, 0, 0, TimeSpan.Zero));

        public void Put(string driver, GeoPoint at)
        {
            var slot = _slots.GetOrAdd(driver);
            _index.SetStatus(slot, new DriverStatus(DriverAvailability.Available, DriverWork.Idle, DriverLink.Connected));
            var fix = new Fix
            {
                FixedAtUnixMs = Time.GetUtcNow().ToUnixTimeMilliseconds(),
                LatitudeE7 = (int)Math.Round(at.LatitudeDegrees * 1e7),
                LongitudeE7 = (int)Math.Round(at.LongitudeDegrees * 1e7),
            };
            Assert.True(_index.Update(slot, fix, out _));
        }

        public void Refresh(GeoPoint[] places)
        {
            for (var car = 0; car < places.Length; car++)
            {
                Put($"d{car}", places[car]);
            }
        }

        public Dictionary<int, GeoPoint> LookAtAll(int expected)
        {
            _cars.Renew();
            var found = new NearbyDriver[expected + 1];
            var count = _cars.Nearest(Porto, 50_000, found);
            Assert.Equal(expected, count);
            return found[..count].ToDictionary(car => car.Slot, car => car.Position);
        }

        public GeoPoint Look() => Assert.Single(LookAtAll(1)).Value;
    }
}
