using Grpc.Net.Client;
using RideTracking.V1;

namespace RideTracking.LoadTests.Scenarios;

/// <summary>Drivers side by side, each in a street of its own, all connected.</summary>
/// <param name="southDegrees">Where their streets begin: those who take trips must not be near another scenario's riders.</param>
internal sealed class LoadFleet(double southDegrees = LoadFleet.SouthDegrees)
{
    public const double SouthDegrees = 41.1;
    public const double WestDegrees = -8.7;

    private const double StreetDegrees = 0.0005;
    private const int ConnectsAtATime = 32;

    private readonly List<LoadDriver> _drivers = [];

    public IReadOnlyList<LoadDriver> Drivers => _drivers;

    public async Task OpenAsync(LoadTarget target, string name, int count, CancellationToken cancellationToken)
    {
        for (var i = 0; i < count; i++)
        {
            _drivers.Add(new LoadDriver(target, $"load-{name}-{i}", southDegrees, WestDegrees + (i * StreetDegrees)));
        }

        await Parallel.ForEachAsync(
            _drivers,
            new ParallelOptions { MaxDegreeOfParallelism = ConnectsAtATime, CancellationToken = cancellationToken },
            async (driver, stop) =>
            {
                await driver.OpenAsync(stop);
                driver.Drive();
                await driver.AcknowledgedAsync(stop);
            });
    }

    /// <summary>The company knows each of them, with a car.</summary>
    public async Task EnterDirectoryAsync(LoadTarget target, GrpcChannel channel, CancellationToken cancellationToken)
    {
        var directory = new DirectoryService.DirectoryServiceClient(channel);
        foreach (var driver in _drivers)
        {
            var vehicle = new Vehicle { VehicleId = "car-" + driver.Id, Description = "white car", LicensePlate = "LO-AD-01", Seats = 4 };
            await directory.UpsertVehicleAsync(new UpsertVehicleRequest { Vehicle = vehicle }, await target.CallAsync(cancellationToken));
            var entry = new Driver { DriverId = driver.Id, DisplayName = driver.Id, Rating = 5, VehicleId = vehicle.VehicleId };
            await directory.UpsertDriverAsync(new UpsertDriverRequest { Driver = entry }, await target.CallAsync(cancellationToken));
        }
    }

    public async Task CloseAsync()
    {
        foreach (var driver in _drivers)
        {
            await driver.DisposeAsync();
        }

        _drivers.Clear();
    }
}
