using System.CommandLine;
using RideTracking.Simulator;
using RideTracking.Simulator.City;
using RideTracking.Simulator.Replay;

var root = new RootCommand("Drivers and riders for a ride-tracking server, through its gRPC API.")
{
    CityCommand.Create(),
    ReplayCommand.Create(),
};
try
{
    return await root.Parse(args).InvokeAsync(new InvocationConfiguration
    {
        EnableDefaultExceptionHandler = false,
        // Longer than the goodbyes of a city.
        ProcessTerminationTimeout = TimeSpan.FromSeconds(10),
    });
}
catch (UserErrorException e)
{
    await Console.Error.WriteLineAsync(e.Message);
    return 2;
}
catch (OperationCanceledException)
{
    return 130;
}
