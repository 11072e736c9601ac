using NBomber.Contracts;
using NBomber.CSharp;
using RideTracking.LoadTests.Scenarios;

// dotnet run -c Release --project loadtests/RideTracking.LoadTests -- http://localhost:5001 data/dev-service.token 60
if (args is not [var address, var tokenFile, .. var rest])
{
    Console.Error.WriteLine("Usage: <address of the gRPC port> <file with a service token> [seconds, 60]");
    return 2;
}

var during = TimeSpan.FromSeconds(rest is [var seconds, ..] ? int.Parse(seconds) : 60);
// Read on each connect: a development server writes a new one now and then.
var target = new LoadTarget(new Uri(address), async cancellationToken => (await File.ReadAllTextAsync(tokenFile, cancellationToken)).Trim());

NBomberRunner
    .RegisterScenarios(
        Wire(new DriverFlood(target, drivers: 500), copies: 500, during),
        Wire(new RiderFollow(target, rides: 50), copies: 50, during),
        Wire(new TripOffers(target, riders: 20), copies: 20, during),
        Wire(new OpsViewport(target, drivers: 500), copies: 5, during))
    .WithTestSuite("ride-tracking")
    .WithTestName("city")
    .WithReportFolder("reports")
    .Run();
return 0;

static ScenarioProps Wire(ILoadScenario scenario, int copies, TimeSpan during) =>
    Scenario.Create(scenario.Name, async _ =>
        {
            try
            {
                await scenario.RunOnceAsync(CancellationToken.None);
                return Response.Ok();
            }
            catch (Exception e)
            {
                // Whatever it is, it is what the report is about.
                return Response.Fail(statusCode: e.GetType().Name, message: e.Message);
            }
        })
        .WithInit(_ => scenario.InitAsync(CancellationToken.None))
        .WithClean(_ => scenario.CleanAsync())
        .WithWarmUpDuration(TimeSpan.FromSeconds(5))
        .WithLoadSimulations(Simulation.KeepConstant(copies, during));
