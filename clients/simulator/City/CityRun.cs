namespace RideTracking.Simulator.City;

/// <summary>Drivers and riders living their day until told to stop.</summary>
/// <param name="connections">To the server.</param>
/// <param name="area">Where.</param>
/// <param name="driverCount">Drivers at work.</param>
/// <param name="riderCount">Riders who ask for trips.</param>
/// <param name="wrongTurnShare">Of the ways to a waypoint, the share on which a driver takes a wrong turn; 0 to 1.</param>
/// <param name="seed">The same seed makes the same people.</param>
/// <param name="time">The clock they live by.</param>
internal sealed class CityRun(
    ServerConnections connections, CityArea area, int driverCount, int riderCount, double wrongTurnShare, int seed, TimeProvider time)
{
    // Every driver is stepped once a second, in turns, so that they do not all report at once.
    private const int Turns = 10;
    private static readonly TimeSpan _turn = TimeSpan.FromSeconds(1.0 / Turns);
    private static readonly TimeSpan _goodbye = TimeSpan.FromSeconds(5);

    private volatile CityDriver[] _drivers = [];

    public CityTally Tally { get; } = new();

    /// <summary>Runs until cancelled, or for a time.</summary>
    public async Task RunAsync(TimeSpan? duration, CancellationToken cancellation)
    {
        using var living = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        // Not by who stops the city: the drivers first say goodbye.
        using var connected = new CancellationTokenSource();
        var running = new List<Task>();
        await using var routes = new CityRoutes(connections, Tally);
        try
        {
            await CityDirectory.RegisterAsync(connections, driverCount, riderCount, seed, time, cancellation);
            if (duration is { } limit)
                living.CancelAfter(limit);
            var drivers = Enumerable.Range(0, driverCount).Select(i => new CityDriver(
                CityDirectory.DriverId(i), CityDirectory.VehicleId(i), connections, area, routes, wrongTurnShare, Tally, time, seed * 10_007 + i)).ToArray();
            _drivers = drivers;
            running.AddRange(drivers.Select(driver => (Task)driver.Connection.RunAsync(connected.Token)));
            var riders = Enumerable.Range(0, riderCount).Select(i => new CityRider(
                CityDirectory.RiderId(i), connections, area, Tally, time, seed * 20_011 + i).RunAsync(living.Token)).ToList();
            running.AddRange(riders);
            await DriveAsync(drivers, running, living.Token);
            await SayGoodbyeAsync(drivers);
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
        }
        finally
        {
            await living.CancelAsync();
            await connected.CancelAsync();
            foreach (var task in running)
                await task.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        // Cancelled ones are as they should be; anything else went wrong.
        await Task.WhenAll(running.Where(task => task.IsFaulted));
    }

    public string ProgressLine()
    {
        var drivers = _drivers;
        return Tally.Line(drivers.Count(driver => driver.Connection.IsConnected), driverCount, drivers.Count(driver => driver.IsBusy));
    }

    /// <summary>What went otherwise than hoped.</summary>
    public string Troubles() => Tally.ToString();

    private async Task DriveAsync(CityDriver[] drivers, List<Task> running, CancellationToken living)
    {
        using var timer = new PeriodicTimer(_turn, time);
        var steppedAt = new DateTimeOffset[drivers.Length];
        Array.Fill(steppedAt, time.GetUtcNow());
        for (var turn = 0; ; turn = (turn + 1) % Turns)
        {
            try
            {
                await timer.WaitForNextTickAsync(living);
            }
            catch (OperationCanceledException)
            {
                return;
            }
            // A driver or rider that ended by itself was refused: say so at once.
            foreach (var ended in running.Where(task => task.IsFaulted))
                await ended;
            for (var i = turn; i < drivers.Length; i += Turns)
            {
                var now = time.GetUtcNow();
                // A machine that slept does not make cars fly.
                drivers[i].Step(now, Math.Min((now - steppedAt[i]).TotalSeconds, 2), living);
                steppedAt[i] = now;
            }
        }
    }

    private async Task SayGoodbyeAsync(CityDriver[] drivers)
    {
        using var patience = new CancellationTokenSource(_goodbye, time);
        try
        {
            await Task.WhenAll(drivers.Select(driver => driver.GoOfflineAsync(patience.Token)));
        }
        catch (OperationCanceledException)
        {
            // The server may be gone already; what it has not heard it notices by the lost streams.
        }
    }
}
