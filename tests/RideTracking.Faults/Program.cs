using RideTracking.Faults;
using RideTracking.Faults.Soak;

try
{
    return args switch
    {
        [NodeCommand.Verb, .. var node] => await NodeCommand.RunAsync(node),
        [SoakCommand.Verb, .. var soak] => await SoakCommand.RunAsync(soak),
        _ => await FaultsCommand.RunAsync(args),
    };
}
catch (FormatException e)
{
    Console.Error.WriteLine(e.Message);
    Console.Error.WriteLine(FaultsCommand.Usage);
    return 2;
}
