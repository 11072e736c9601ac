using RideTracking.Simulator.City;

namespace RideTracking.Client.Tests;

public sealed class CarTests
{
    private static readonly DateTimeOffset _start = new(2026, 1, 1, 8, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Every_car_gets_where_it_is_sent_and_stays()
    {
        var streets = new StreetGrid(new Place(41.16, -8.62));
        for (var seed = 0; seed < 50; seed++)
        {
            var random = new Random(seed);
            var car = new Car(streets, random);
            var now = _start;
            for (var errand = 0; errand < 4; errand++)
            {
                car.Destination = streets.RandomCrossing(random);
                var deadline = now + TimeSpan.FromHours(1);
                while (!car.HasArrived && now < deadline)
                    car.Drive(now += TimeSpan.FromSeconds(1), 1);
                Assert.True(car.HasArrived, $"seed {seed}, errand {errand}: not there after an hour");
                Assert.Equal(car.Destination, streets.Nearest(car.Position));
                var odometer = car.OdometerMeters;
                car.Drive(now += TimeSpan.FromSeconds(1), 1);
                Assert.Equal(odometer, car.OdometerMeters);
            }
        }
    }

    [Fact]
    public void Cars_drive_like_cars()
    {
        var streets = new StreetGrid(new Place(41.16, -8.62));
        for (var seed = 0; seed < 20; seed++)
        {
            var car = new Car(streets, new Random(seed));
            var now = _start;
            var (before, stood) = (car.Position, 0);
            for (var second = 0; second < 1_800; second++)
            {
                car.Drive(now += TimeSpan.FromSeconds(1), 1);
                Assert.InRange(car.SpeedMetersPerSecond, 0, 16);
                Assert.InRange(car.CourseDegrees, 0, 360);
                Assert.InRange(Meters(before, car.Position), 0, 25);
                before = car.Position;
                stood += car.SpeedMetersPerSecond < 0.5 ? 1 : 0;
            }
            Assert.InRange(car.OdometerMeters / 1_800, 3, 14);
            // At lights, now and then.
            Assert.InRange(stood, 1, 900);
        }
    }

    private static double Meters(Place a, Place b)
    {
        var north = (b.LatitudeDegrees - a.LatitudeDegrees) * 111_195;
        var east = (b.LongitudeDegrees - a.LongitudeDegrees) * 111_195 * Math.Cos(a.LatitudeDegrees * Math.PI / 180);
        return Math.Sqrt(north * north + east * east);
    }
}
