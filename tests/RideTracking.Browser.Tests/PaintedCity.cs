using RideTracking.Engine.Geo;
using RideTracking.Engine.Index;
using RideTracking.Server.Tests.Fleet;

namespace RideTracking.Browser.Tests;

/// <summary>A few hundred cars in a grid of streets; the same ones for the same seed.</summary>
internal sealed class PaintedCity
{
    public const int Drivers = 400;

    private static readonly GeoPoint Center = new(41.155, -8.625);

    /// <summary>Between two parallel streets.</summary>
    private const double BlockMeters = 220;
    private const int StepsPerBlock = 10;
    private const double StepMeters = BlockMeters / StepsPerBlock;
    private const double StreetsTurnedDegrees = 18;

    private readonly FleetWorld _world;
    private readonly Random _random;
    private readonly Car[] _cars = new Car[Drivers];

    public PaintedCity(FleetWorld world, int seed)
    {
        _world = world;
        _random = new Random(seed);
        for (var i = 0; i < Drivers; i++)
        {
            // At a crossing, and rather near the middle, as cities are.
            var (blocksEast, blocksNorth) = (Blocks(), Blocks());
            _cars[i] = new Car(blocksEast * BlockMeters, blocksNorth * BlockMeters, _random.Next(4), StepsPerBlock);
            for (var steps = _random.Next(StepsPerBlock); steps > 0; steps--)
            {
                _cars[i].Drive();
            }

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

        int Blocks() => (int)((_random.NextDouble() + _random.NextDouble() + _random.NextDouble() - 1.5) * 22);
    }

    /// <summary>Everybody drives on a little, and at a crossing may turn.</summary>
    public void Step()
    {
        for (var i = 0; i < Drivers; i++)
        {
            ref var car = ref _cars[i];
            if (car.StepsToCrossing == 0)
            {
                car.StepsToCrossing = StepsPerBlock;
                car.Quarter = (car.Quarter + (_random.Next(5) switch { 0 => 1, 1 => 3, _ => 0 })) % 4;
            }

            car.Drive();
            var bearing = (Math.Atan2(car.EastMeters, car.NorthMeters) * 180 / Math.PI) + StreetsTurnedDegrees;
            var place = Earth.Destination(Center, bearing, Math.Sqrt((car.EastMeters * car.EastMeters) + (car.NorthMeters * car.NorthMeters)));
            _world.Move(Id(i), place.LatitudeDegrees, place.LongitudeDegrees, (float)((car.Quarter * 90) + StreetsTurnedDegrees));
        }
    }

    private static string Id(int i) => $"driver-{i:D3}";

    private record struct Car(double EastMeters, double NorthMeters, int Quarter, int StepsToCrossing)
    {
        public void Drive()
        {
            StepsToCrossing--;
            EastMeters += StepMeters * (Quarter switch { 1 => 1, 3 => -1, _ => 0 });
            NorthMeters += StepMeters * (Quarter switch { 0 => 1, 2 => -1, _ => 0 });
        }
    }
}
