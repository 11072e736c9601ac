using NBomber.Contracts;

namespace NBomber.CSharp;

/// <summary>As NBomber 4.1 to 6 have it.</summary>
public static class Scenario
{
    public static ScenarioProps Create(string name, Func<IScenarioContext, Task<IResponse>> run) => throw Signatures.Only;

    public static ScenarioProps WithInit(this ScenarioProps scenario, Func<IScenarioInitContext, Task> initFunc) => throw Signatures.Only;

    public static ScenarioProps WithClean(this ScenarioProps scenario, Func<IScenarioInitContext, Task> cleanFunc) => throw Signatures.Only;

    public static ScenarioProps WithWarmUpDuration(this ScenarioProps scenario, TimeSpan duration) => throw Signatures.Only;

    public static ScenarioProps WithLoadSimulations(this ScenarioProps scenario, params LoadSimulation[] loadSimulations) => throw Signatures.Only;
}

/// <inheritdoc cref="Scenario"/>
public static class Response
{
    public static IResponse Ok() => throw Signatures.Only;

    public static IResponse Fail(string statusCode = "", string message = "", long sizeBytes = 0) => throw Signatures.Only;
}

/// <inheritdoc cref="Scenario"/>
public static class Simulation
{
    public static LoadSimulation KeepConstant(int copies, TimeSpan during) => throw Signatures.Only;
}

/// <inheritdoc cref="Scenario"/>
public static class NBomberRunner
{
    public static NBomberContext RegisterScenarios(params ScenarioProps[] scenarios) => throw Signatures.Only;

    public static NBomberContext WithTestSuite(this NBomberContext context, string testSuite) => throw Signatures.Only;

    public static NBomberContext WithTestName(this NBomberContext context, string testName) => throw Signatures.Only;

    public static NBomberContext WithReportFolder(this NBomberContext context, string reportFolderPath) => throw Signatures.Only;

    public static object Run(this NBomberContext context, params string[] args) => throw Signatures.Only;
}

internal static class Signatures
{
    public static NotSupportedException Only => new("These are only NBomber's signatures: run loadtests/RideTracking.LoadTests, which restores NBomber itself.");
}
