using RideTracking.Engine.Geo;
using RideTracking.Engine.Index;
using RideTracking.Server.Tests.Fleet;

namespace RideTracking.Browser.Tests;

/// <summary>A few hundred cars that drive straight on and sometimes turn; the same ones for the same seed.</summary>
internal sealed class PaintedCity
{
    public const int Drivers = 400;

    private static readonly GeoPoint Center = new(41.155, -8.625);

    private readonly FleetWorld _world;
    private readonly Random _random;
    private readonly (GeoPoint Place, double Course)[] _cars = new (GeoPoint, double)[Drivers];

    public PaintedCity(FleetWorld world, int seed)
    {
        _world = world;
        _random = new Random(seed);
        for (var i = 0; i < Drivers; i++)
        {
            // Denser towards the middle, as cities are.
            var distance = 6500 * Math.Sqrt(_random.NextDouble()) * Math.Sqrt(_random.NextDouble());
            _cars[i] = (Earth.Destination(Center, _random.NextDouble() * 360, distance), _random.Next(8) * 45 + 18);
            var (availability, work) = _random.Next(100) switch
            {
                < 40 => (DriverAvailability.Available, DriverWork.Idle),
                < 46 => (DriverAvailability.Available, DriverWork.Offered),
                < 62 => (DriverAvailability.Available, DriverWork.ToPickup),
                < 90 => (DriverAvailability.Available, DriverWork.OnTrip),
                _ => (DriverAvailability.Paused, DriverWork.Idle),
            };
            _world.SetStatus(Id(i), availability, work, _random.Next(25) == 0 ? DriverLink.Lost : DriverLink.Connected);
        }
    }

    /// <summary>Everybody drives on for a second.</summary>
    public void Step()
    {
        for (var i = 0; i < Drivers; i++)
        {
            var (place, course) = _cars[i];
            course = (course + (_random.Next(12) == 0 ? 90 : 0)) % 360;
            place = Earth.Destination(place, course, 12);
            _cars[i] = (place, course);
            _world.Move(Id(i), place.LatitudeDegrees, place.LongitudeDegrees, (float)course);
        }
    }

    private static string Id(int i) => $"driver-{i:D3}";
}
