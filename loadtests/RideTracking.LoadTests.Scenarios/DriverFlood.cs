namespace RideTracking.LoadTests.Scenarios;

/// <summary>Drivers report where they are, and each report is acknowledged once the log has it. Once: one fix of one driver.</summary>
/// <param name="target">The server.</param>
/// <param name="drivers">How many drivers hold a stream, each on a connection of its own; at least 1.</param>
public sealed class DriverFlood(LoadTarget target, int drivers) : ILoadScenario
{
    private readonly LoadFleet _fleet = new();
    private readonly Users<LoadDriver> _free = new();

    /// <inheritdoc/>
    public string Name => "driver_flood";

    /// <inheritdoc/>
    public async Task InitAsync(CancellationToken cancellationToken)
    {
        await _fleet.OpenAsync(target, "flood", drivers, cancellationToken);
        foreach (var driver in _fleet.Drivers)
        {
            _free.Add(driver);
        }
    }

    /// <inheritdoc/>
    public Task RunOnceAsync(CancellationToken cancellationToken) => _free.WithOneAsync(
        driver =>
        {
            driver.Drive();
            return driver.AcknowledgedAsync(cancellationToken);
        },
        cancellationToken);

    /// <inheritdoc/>
    public Task CleanAsync() => _fleet.CloseAsync();
}
