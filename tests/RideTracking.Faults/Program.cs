using RideTracking.Faults;

try
{
    return args is [NodeCommand.Verb, .. var node] ? await NodeCommand.RunAsync(node) : await FaultsCommand.RunAsync(args);
}
catch (FormatException e)
{
    Console.Error.WriteLine(e.Message);
    Console.Error.WriteLine(FaultsCommand.Usage);
    return 2;
}
