using Grpc.Net.Client;
using RideTracking.V1;

namespace RideTracking.LoadTests.Scenarios;

/// <summary>Ops open the map. Once: a viewport is watched until its snapshot is complete with every car in it, then closed.</summary>
/// <param name="target">The server.</param>
/// <param name="drivers">How many cars are in the viewport; at least 1.</param>
public sealed class OpsViewport(LoadTarget target, int drivers) : ILoadScenario
{
    private readonly LoadFleet _fleet = new();
    private GrpcChannel? _channel;

    /// <inheritdoc/>
    public string Name => "ops_viewport";

    /// <inheritdoc/>
    public async Task InitAsync(CancellationToken cancellationToken)
    {
        _channel = target.Connect();
        await _fleet.OpenAsync(target, "viewport", drivers, cancellationToken);
    }

    /// <inheritdoc/>
    public async Task RunOnceAsync(CancellationToken cancellationToken)
    {
        var request = new WatchFleetRequest
        {
            Viewport = new Viewport { South = LoadFleet.SouthDegrees - 1, North = LoadFleet.SouthDegrees + 1, West = LoadFleet.WestDegrees - 1, East = LoadFleet.WestDegrees + 1 },
        };
        using var call = new FleetService.FleetServiceClient(_channel).WatchFleet(request, await target.CallAsync(cancellationToken));
        var seen = new HashSet<string>();
        while (await call.ResponseStream.MoveNext(cancellationToken))
        {
            var frame = call.ResponseStream.Current;
            seen.UnionWith(frame.Drivers.Select(driver => driver.DriverId));
            if (frame.SnapshotComplete)
            {
                var missing = _fleet.Drivers.Count(driver => !seen.Contains(driver.Id));
                if (missing > 0)
                {
                    throw new InvalidOperationException($"{missing} of {drivers} cars are not in the snapshot.");
                }

                return;
            }
        }

        throw new InvalidOperationException("The stream ended before its snapshot was complete.");
    }

    /// <inheritdoc/>
    public async Task CleanAsync()
    {
        await _fleet.CloseAsync();
        _channel?.Dispose();
    }
}
