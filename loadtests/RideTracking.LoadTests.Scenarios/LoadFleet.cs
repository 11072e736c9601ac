namespace RideTracking.LoadTests.Scenarios;

/// <summary>Drivers side by side, each in a street of its own, all connected.</summary>
internal sealed class LoadFleet
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
            _drivers.Add(new LoadDriver(target, $"load-{name}-{i}", SouthDegrees, WestDegrees + (i * StreetDegrees)));
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

    public async Task CloseAsync()
    {
        foreach (var driver in _drivers)
        {
            await driver.DisposeAsync();
        }

        _drivers.Clear();
    }
}
