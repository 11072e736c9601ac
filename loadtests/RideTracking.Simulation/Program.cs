using RideTracking.Simulation;

try
{
    return await SimulationCommand.RunAsync(args);
}
catch (FormatException e)
{
    Console.Error.WriteLine(e.Message);
    Console.Error.WriteLine(SimulationCommand.Usage);
    return 2;
}
