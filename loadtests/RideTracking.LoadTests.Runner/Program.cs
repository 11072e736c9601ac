using RideTracking.LoadTests.Runner;
using RideTracking.LoadTests.Scenarios;

// dotnet run -c Release --project loadtests/RideTracking.LoadTests.Runner -- run http://localhost:5001 data/dev-service.token 30
if (args is not ["run", var address, var tokenFile, .. var rest])
{
    Console.Error.WriteLine("Usage: run <address of the gRPC port> <file with a service token> [seconds, 30]");
    return 2;
}

if (!File.Exists(tokenFile))
{
    Console.Error.WriteLine($"There is no {Path.GetFullPath(tokenFile)}: a development server writes it to its data folder at its start.");
    return 2;
}

var during = TimeSpan.FromSeconds(rest is [var seconds, ..] ? int.Parse(seconds, System.Globalization.CultureInfo.InvariantCulture) : 30);
// Read on each connect: a development server writes a new one now and then.
var target = new LoadTarget(new Uri(address), async cancellationToken => (await File.ReadAllTextAsync(tokenFile, cancellationToken)).Trim());
ScenarioRun[] runs =
[
    new(new DriverFlood(target, drivers: 300), copies: 300),
    new(new TripOffers(target, riders: 10), copies: 10),
    new(new RiderFollow(target, rides: 30), copies: 30),
    new(new OpsViewport(target, drivers: 200), copies: 2),
];
foreach (var run in runs)
{
    Console.WriteLine($"{run.Scenario.Name}: connecting");
    await run.Scenario.InitAsync(CancellationToken.None);
}

Console.WriteLine($"All at once for {during.TotalSeconds} s.");
using var over = new CancellationTokenSource(during);
await Task.WhenAll(runs.Select(run => run.RunAsync(over.Token)));
Console.WriteLine("| scenario | copies | done | failed | a second | p50 ms | p75 ms | p95 ms | p99 ms |");
Console.WriteLine("|---|---|---|---|---|---|---|---|---|");
foreach (var run in runs)
{
    Console.WriteLine(run.Report(during));
}

foreach (var run in runs)
{
    await run.Scenario.CleanAsync();
}

return 0;
