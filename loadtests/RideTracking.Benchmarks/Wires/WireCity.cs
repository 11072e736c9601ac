using Google.Protobuf.WellKnownTypes;
using Google.Type;
using RideTracking.Benchmarks.Search;
using RideTracking.Engine.Geo;
using RideTracking.Engine.Index;
using RideTracking.V1;

namespace RideTracking.Benchmarks.Wires;

/// <summary>What is behind all wires: a fleet to search in, cars that move once a second, and receipts for fixes.</summary>
internal sealed class WireCity
{
    public const int Drivers = 20_000;

    private const long StepMs = 1_000;

    private readonly Fleet _fleet = new(CityLayout.Clustered, Drivers);

    public WireCity() => _fleet.Fill();

    /// <summary>Places to search around.</summary>
    public IReadOnlyList<GeoPoint> Centers => _fleet.Centers;

    private static long NowUnixMs => TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();

    /// <summary>When a car moves next. Cars do so at different times within the second.</summary>
    public static TimeSpan UntilNextMove(int car)
    {
        var now = NowUnixMs;
        return TimeSpan.FromMilliseconds(MovedAt(car, now) + StepMs - now);
    }

    /// <summary>Where a car is, as the contract says it.</summary>
    public static WatchTripResponse Position(int car)
    {
        var moved = MovedAt(car, NowUnixMs);
        return new WatchTripResponse
        {
            Position = new VehiclePosition
            {
                Location = new LatLng { Latitude = LatitudeAt(moved), Longitude = -8.6291 },
                CourseDegrees = 271.4,
                SpeedMetersPerSecond = 9.72,
                FixedAt = Timestamp.FromDateTimeOffset(DateTimeOffset.FromUnixTimeMilliseconds(moved)),
                IsOnRoute = true,
            },
        };
    }

    /// <summary>The same by hand.</summary>
    public static CarPosition PlainPosition(int car)
    {
        var moved = MovedAt(car, NowUnixMs);
        return new CarPosition
        {
            Location = new Place { Latitude = LatitudeAt(moved), Longitude = -8.6291 },
            CourseDegrees = 271.4,
            SpeedMetersPerSecond = 9.72,
            FixedAtUnixMs = moved,
            IsOnRoute = true,
        };
    }

    /// <summary>The nearest, as the contract says it.</summary>
    public SearchDriversResponse Search(SearchDriversRequest request)
    {
        var answer = new SearchDriversResponse { ServerTime = Timestamp.FromDateTimeOffset(TimeProvider.System.GetUtcNow()) };
        var found = new NearbyDriver[(int)request.MaxResults];
        foreach (var near in found.AsSpan(0, Nearest(request.Center.Latitude, request.Center.Longitude, request.RadiusMeters, found)))
        {
            answer.Drivers.Add(new FoundDriver
            {
                DriverId = _fleet.Ids[near.Slot],
                DistanceMeters = near.DistanceMeters,
                Location = new LatLng { Latitude = near.Position.LatitudeDegrees, Longitude = near.Position.LongitudeDegrees },
                FixAge = Duration.FromTimeSpan(TimeSpan.FromSeconds(2.4)),
                Availability = V1.DriverAvailability.Available,
                Work = V1.DriverWork.Idle,
                Link = V1.DriverLink.Connected,
                VehicleId = _fleet.Ids[near.Slot],
                VehicleType = "sedan",
                Seats = 4,
            });
        }

        return answer;
    }

    /// <summary>The same by hand.</summary>
    public SearchAnswer Search(SearchQuery query)
    {
        var found = new NearbyDriver[query.MaxResults];
        var count = Nearest(query.Center.Latitude, query.Center.Longitude, query.RadiusMeters, found);
        var drivers = new FoundCar[count];
        for (var i = 0; i < count; i++)
        {
            var near = found[i];
            drivers[i] = new FoundCar
            {
                DriverId = _fleet.Ids[near.Slot],
                DistanceMeters = Math.Round(near.DistanceMeters, 1),
                Location = new Place { Latitude = Math.Round(near.Position.LatitudeDegrees, 7), Longitude = Math.Round(near.Position.LongitudeDegrees, 7) },
                FixAgeSeconds = 2.4,
                Availability = "available",
                Work = "idle",
                Link = "connected",
                VehicleId = _fleet.Ids[near.Slot],
                VehicleType = "sedan",
                Seats = 4,
            };
        }

        return new SearchAnswer { Drivers = drivers, ServerTime = TimeProvider.System.GetUtcNow().UtcDateTime };
    }

    private int Nearest(double latitude, double longitude, double radiusMeters, NearbyDriver[] found) =>
        _fleet.Index.Nearest(new GeoPoint(latitude, longitude), radiusMeters, new Engine.Index.DriverFilter(), found);

    private static long MovedAt(int car, long nowUnixMs)
    {
        var phase = car * 37L % StepMs;
        return ((nowUnixMs - phase) / StepMs * StepMs) + phase;
    }

    private static double LatitudeAt(long movedUnixMs) => Math.Round(41.1 + (movedUnixMs / StepMs % 1_000 * 0.0001), 7);
}
