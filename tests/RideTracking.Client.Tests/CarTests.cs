using Google.Protobuf.WellKnownTypes;
using RideTracking.Simulator.City;
using RideTracking.V1;

namespace RideTracking.Client.Tests;

public sealed class CarTests
{
    private static readonly Place _start = new(41.1496, -8.611);

    [Fact]
    public void A_polyline_is_decoded_as_its_inventors_example_says()
    {
        Assert.Equal([new Place(38.5, -120.2), new(40.7, -120.95), new(43.252, -126.453)], RoutePolyline.Decode("_p~iF~ps|U_ulLnnqC_mqNvxq`@"));
        Assert.Throws<FormatException>(() => RoutePolyline.Decode("_p~iF~ps|"));
        Assert.Throws<FormatException>(() => RoutePolyline.Decode("_p~iF ~ps|U"));
    }

    [Fact]
    public void Every_car_drives_along_its_way_in_about_its_time_and_stops_at_its_end()
    {
        for (var seed = 0; seed < 50; seed++)
        {
            var (route, points) = RandomRoute(new Random(seed), blocks: 30);
            var car = new Car(RoutePath.Of(route)!, new Random(seed));
            var seconds = 0;
            for (; !car.HasArrived; seconds++)
            {
                Assert.True(seconds < 3_600, $"seed {seed}: not there after an hour");
                var before = car.Place;
                car.Drive(1);
                // As far as a phone is off, and never beside the way by more than the line's rounding.
                Assert.InRange(car.Place.MetersTo(car.Position), 0, 20);
                Assert.InRange(MetersBeside(points, car.Place), 0, 2);
                Assert.InRange(before.MetersTo(car.Place), 0, 20);
                Assert.InRange(car.CourseDegrees, 0, 360);
            }
            var told = route.Legs.Sum(leg => leg.Duration.ToTimeSpan().TotalSeconds);
            Assert.InRange(seconds, told * 0.7, told * 1.5);
            Assert.InRange(car.Place.MetersTo(points[^1]), 0, 2);
            var odometer = car.OdometerMeters;
            car.Drive(1);
            Assert.Equal((odometer, 0), (car.OdometerMeters, car.SpeedMetersPerSecond));
        }
    }

    [Fact]
    public void Cars_slow_down_for_corners_and_say_where_they_head()
    {
        var corner = _start.Ahead(0, 1_000);
        var path = RoutePath.Of(RouteAlong([_start, corner, corner.Ahead(90, 1_000)], speed: 14))!;
        var car = new Car(path, new Random(3));
        var (fastest, atCorner) = (0.0, double.MaxValue);
        while (!car.HasArrived)
        {
            car.Drive(1);
            fastest = Math.Max(fastest, car.SpeedMetersPerSecond);
            if (car.Place.MetersTo(corner) < 15)
                atCorner = Math.Min(atCorner, car.SpeedMetersPerSecond);
            if (Math.Abs(car.MetersOnPath - 1_000) > 30)
                Assert.InRange(Math.Abs((car.CourseDegrees - (car.MetersOnPath < 1_000 ? 0 : 90) + 540) % 360 - 180), 0, 15);
        }
        Assert.InRange(fastest, 13, 20);
        Assert.InRange(atCorner, 3, 8);
    }

    [Fact]
    public void A_car_stops_at_the_waypoint_and_drives_on_by_another_way()
    {
        var turn = _start.Ahead(0, 800);
        var route = RouteAlong([_start, turn, turn.Ahead(90, 600)], speed: 10);
        route.Legs[0].WaypointId = "pickup";
        route.Legs[1].WaypointId = "dropoff";
        var car = new Car(RoutePath.Of(route)!, new Random(1));
        car.StopAt("pickup");
        DriveToStop(car);
        Assert.InRange(car.Place.MetersTo(turn), 0, 3);

        // It is ahead of where the new way begins, as when the server knew an older place.
        var other = RouteAlong([_start.Ahead(0, 700), turn, turn.Ahead(0, 500), turn.Ahead(0, 500).Ahead(90, 300)], speed: 10);
        car.Follow(RoutePath.Of(other)!);
        var odometer = car.OdometerMeters;
        DriveToStop(car);
        Assert.InRange(car.Place.MetersTo(turn.Ahead(0, 500).Ahead(90, 300)), 0, 3);
        Assert.InRange(car.OdometerMeters - odometer, 780, 820);
    }

    [Fact]
    public void A_car_that_is_off_the_way_goes_to_its_nearest_point()
    {
        var path = RoutePath.Of(RouteAlong([_start, _start.Ahead(0, 1_000)], speed: 10))!.From(_start.Ahead(0, 400).Ahead(90, 50));
        Assert.InRange(path.LengthMeters, 645, 655);
        Assert.InRange(path.Start.MetersTo(_start.Ahead(0, 400)), 49, 51);
    }

    [Fact]
    public void A_way_without_length_is_driven_at_once()
    {
        var car = new Car(RoutePath.Of(RouteAlong([_start, _start], speed: 10))!, new Random(1));
        car.Drive(1);
        Assert.True(car.HasArrived);
        car.Follow(RoutePath.Straight(_start, _start.Ahead(10, 300)));
        DriveToStop(car);
        Assert.InRange(car.OdometerMeters, 297, 303);
        Assert.Null(RoutePath.Of(new Route()));
    }

    private static void DriveToStop(Car car)
    {
        for (var second = 0; !car.HasArrived; second++)
        {
            Assert.True(second < 3_600);
            car.Drive(1);
        }
    }

    private static (Route Route, List<Place> Points) RandomRoute(Random random, int blocks)
    {
        var points = new List<Place> { _start };
        var course = 17.0;
        for (var i = 0; i < blocks; i++)
        {
            points.Add(points[^1].Ahead(course, 60 + 60 * random.NextDouble()));
            course += random.Next(4) switch { 0 => 90, 1 => -90, _ => 10 * random.NextDouble() - 5 };
        }
        return (RouteAlong(points, 5 + 9 * random.NextDouble()), points);
    }

    /// <summary>A leg to each point after the first.</summary>
    private static Route RouteAlong(IReadOnlyList<Place> points, double speed)
    {
        var route = new Route { EncodedPolyline = Engine.Geo.EncodedPolyline.Encode([.. points.Select(p => new Engine.Geo.GeoPoint(p.LatitudeDegrees, p.LongitudeDegrees))]) };
        foreach (var (from, to) in points.Zip(points.Skip(1)))
        {
            var meters = from.MetersTo(to);
            route.Legs.Add(new RouteLeg { DistanceMeters = meters, Duration = Duration.FromTimeSpan(TimeSpan.FromSeconds(meters / speed)) });
        }
        return route;
    }

    private static double MetersBeside(List<Place> points, Place place) =>
        points.Zip(points.Skip(1)).Min(way => place.MetersTo(way.First.Towards(way.Second, place.ShareOfWay(way.First, way.Second))));
}
