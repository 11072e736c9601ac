using CsCheck;
using RideTracking.Engine.Geo;
using RideTracking.Engine.Ingest;

namespace RideTracking.Engine.Tests.Ingest;

/// <summary>Parked is parked; and who drives, however slowly, is seen to.</summary>
public class StandstillTests
{
    private static readonly TimeSpan TwoHours = TimeSpan.FromHours(2);

    /// <summary>A receiver's noise about the place, by time: metres east and north.</summary>
    public delegate (double East, double North) Error(int second);

    public static TheoryData<string, int, float> Parked()
    {
        var data = new TheoryData<string, int, float>();
        foreach (var noise in new[] { "to and fro", "white", "drift", "star", "steps" })
        {
            foreach (int interval in new[] { 1, 4, 15, 60 })
            {
                foreach (float speed in new[] { 0, float.NaN })
                {
                    data.Add(noise, interval, speed);
                }
            }
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(Parked))]
    public void A_parked_car_drives_nowhere(string noise, int intervalSeconds, float speed)
    {
        // Without a speed told, it takes half a minute to know that a car stands, and it may once seem to have gone.
        double allowed = float.IsNaN(speed) ? 300 + 33.0 / intervalSeconds * 35 : 70;
        for (uint seed = 1; seed <= 20; seed++)
        {
            var car = new Car();
            var about = Of(noise, new Random((int)seed));
            for (int second = 0; second <= TwoHours.TotalSeconds; second += intervalSeconds)
            {
                car.Take(second, about(second), speed);
            }

            Assert.True(car.DrivenMeters <= allowed, $"{noise}, each {intervalSeconds} s, speed {speed}, seed {seed}: {car.DrivenMeters:f0} m");
        }
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(1.5, 4)]
    [InlineData(2, 1)]
    [InlineData(8, 4)]
    [InlineData(14, 1)]
    [InlineData(14, 15)]
    public void A_car_that_says_how_fast_it_drives_is_seen_at_once(double speed, int intervalSeconds)
    {
        var car = new Car();
        for (int second = 0; second <= 600; second += intervalSeconds)
        {
            car.Take(second, (speed * second, 0), (float)speed);
            Assert.False(car.IsParked, $"at {second} s");
        }

        Assert.Equal(speed * 600, car.DrivenMeters, 0.01 * speed * 600);
    }

    [Theory]
    [InlineData(0.3, 4, 0)]          // creeping in a jam, its phone says that it stands
    [InlineData(0.5, 4, float.NaN)]
    [InlineData(1, 1, float.NaN)]
    [InlineData(3, 1, float.NaN)]
    [InlineData(5, 4, float.NaN)]
    [InlineData(5, 60, float.NaN)]
    [InlineData(14, 4, float.NaN)]
    [InlineData(14, 4, 0)]           // an app that does not ask whether there is a speed
    [InlineData(14, 1, 0)]
    public void However_slowly_a_car_drives_and_whatever_it_says_its_metres_count_in_the_end(double speed, int intervalSeconds, float told)
    {
        var car = new Car();
        for (int second = 0; second <= 3_600; second += intervalSeconds)
        {
            car.Take(second, (speed * second, 0), told);
            // Never more than some circle's width behind.
            Assert.InRange(speed * second - car.DrivenMeters, -1, 250);
        }
    }

    [Fact]
    public void Turning_in_a_yard_is_driving()
    {
        var car = new Car();
        for (int second = 0; second < 120; second += 2)
        {
            var (sin, cos) = Math.SinCos(second * 2 / 15.0);
            car.Take(second, (15 * sin, 15 * cos), 2);
            Assert.False(car.IsParked);
        }

        Assert.InRange(car.DrivenMeters, 200, 240);
    }

    [Fact]
    public void A_stop_at_a_light_is_a_stop_and_the_way_on_is_whole()
    {
        var car = new Car();
        int second = 0;
        double east = 0;
        for (int lights = 0; lights < 10; lights++)
        {
            for (int i = 0; i < 20; i++, second += 2)
            {
                east += 24;
                car.Take(second, (east, 0), 12);
            }

            for (int i = 0; i < 20; i++, second += 2)
            {
                car.Take(second, (east + (i % 2 == 0 ? 4 : -4), 3), 0);
            }
        }

        Assert.InRange(car.DrivenMeters, east * 0.99, east * 1.02);
    }

    [Fact]
    public void Parked_across_the_antimeridian_and_at_the_pole_is_parked() =>
        Gen.Select(Gen.Double[-85, 85], Gen.Int[0, 1_000]).Sample((latitude, seed) =>
        {
            var car = new Car(new GeoPoint(latitude, 179.99995));
            var about = Of("drift", new Random(seed));
            for (int second = 0; second < 3_600; second += 15)
            {
                car.Take(second, about(second), 0);
            }

            Assert.InRange(car.DrivenMeters, 0, 60);
        });

    private static Error Of(string kind, Random random)
    {
        int told = 0;
        var drift = new Drift(random);
        return kind switch
        {
            "to and fro" => _ => (told++ % 2 == 0 ? 15 : -15, 0),
            "white" => _ => (random.Normal() * 8, random.Normal() * 8),
            "drift" => second => drift.At(second),
            // Out of a tunnel or in a garage: now and then far off in any direction.
            "star" => _ => random.NextDouble() < 0.05 && random.NextDouble() * 2 * Math.PI is var angle ? (60 * Math.Sin(angle), 60 * Math.Cos(angle)) : (random.Normal() * 4, random.Normal() * 4),
            "steps" => second => (second / 600 % 2 * 25, 0),
            _ => throw new ArgumentOutOfRangeException(nameof(kind)),
        };
    }

    /// <summary>A car and what whoever counts its metres makes of its fixes.</summary>
    private sealed class Car(GeoPoint? at = null)
    {
        private const long Start = 1_750_000_000_000;

        private readonly GeoPoint _at = at ?? Places.Porto;
        private readonly GateLimits _limits = new();
        private GateState _state;
        private GeoPoint? _last;

        public double DrivenMeters { get; private set; }

        public bool IsParked { get; private set; }

        public void Take(int second, (double East, double North) off, float speed)
        {
            GeoPoint place = Earth.Destination(Earth.Destination(_at, 0, off.North), 90, off.East);
            long time = Start + second * 1_000L;
            var fix = new Fix
            {
                SensorTimeUnixMs = time,
                LatitudeE7 = (int)Math.Round(place.LatitudeDegrees * 1e7),
                LongitudeE7 = (int)Math.Round(place.LongitudeDegrees * 1e7),
                HorizontalAccuracyMeters = 5,
                SpeedMetersPerSecond = speed,
            };
            if (Gate.Judge(ref fix, 1, time, time, ref _state, _limits).Outcome == FixOutcome.Accepted && !(IsParked = fix.IsParked))
            {
                DrivenMeters += _last is { } last ? Earth.DistanceMeters(last, fix.Point) : 0;
                _last = fix.Point;
            }
        }
    }
}
