using RideTracking.Server.Hosting;

namespace RideTracking.Server;

/// <summary>The server's command line: a verb, or none to serve.</summary>
public static class ServerCommands
{
    /// <summary>Short names of settings.</summary>
    internal static readonly Dictionary<string, string> Switches = new()
    {
        ["--bind"] = "Listen:Address",
        ["--grpc-port"] = "Listen:GrpcPort",
        ["--web-port"] = "Listen:WebPort",
        ["--tls-port"] = "Listen:TlsPort",
        ["--management-port"] = "Listen:ManagementPort",
        ["--redis"] = "Store:Redis",
        ["--data"] = "Store:DataFolder",
        ["--roads"] = "Roads:File",
        ["--dashboard"] = "Fleet:DashboardFolder",
        ["--time-start"] = "Time:Start",
        ["--time-scale"] = "Time:Scale",
    };

    /// <summary>Runs a verb, or serves until told to stop. Returns the process's exit code.</summary>
    public static async Task<int> RunAsync(string[] args)
    {
        try
        {
            return args switch
            {
                ["token", .. var options] => TokenCommand.Run(options),
                ["health" or "log" or "move", .. var options] when ServerHelp.IsAskedFor(options) =>
                    await SayAsync(args[0] switch { "log" => ServerHelp.Log, "move" => ServerHelp.Move, _ => ServerHelp.Health }),
                ["health", .. var options] => await HealthCommand.RunAsync(options),
                ["log", .. var options] => await LogCommand.RunAsync(options),
                ["move", .. var options] => await MoveCommand.RunAsync(options, Console.Out),
                ["import", .. var options] => await ImportCommand.RunAsync(options, Console.Out),
                [var verb, ..] when !verb.StartsWith('-') => await FailAsync($"There is no '{verb}'. Use `token`, `health`, `log`, `move`, `import`, or none to serve."),
                _ when ServerHelp.IsAskedFor(args) => await SayAsync(ServerHelp.Serve),
                _ when args.Contains("--version") => await SayAsync(ServerHelp.Version),
                _ => await ServeAsync(args),
            };
        }
        catch (Exception e) when (StartFailure.Explain(e) is { } explanation)
        {
            return await FailAsync(explanation);
        }
    }

    /// <summary>Serves until told to stop, or until something ends that must not. Returns the process's exit code.</summary>
    /// <param name="app">The server, built.</param>
    /// <param name="stop">For one that is told to stop before the host listens to signals.</param>
    internal static async Task<int> ServeAsync(WebApplication app, CancellationToken stop = default)
    {
        var end = app.Services.GetRequiredService<ServerEnd>();
        BackgroundService[] services = [.. app.Services.GetServices<IHostedService>().OfType<BackgroundService>()];
        try
        {
            await app.StartAsync(stop);
        }
        catch (Exception e)
        {
            // What runs already is to end before it is taken apart.
            await app.StopAsync(CancellationToken.None);
            if (e is not OperationCanceledException || !(stop.IsCancellationRequested || app.Lifetime.ApplicationStopping.IsCancellationRequested))
            {
                throw;
            }
        }

        await app.WaitForShutdownAsync(CancellationToken.None);

        // The host stops when one of them throws, and says no more about it.
        return end.HasFailed || Array.Exists(services, s => s.ExecuteTask is { IsFaulted: true }) ? 1 : 0;
    }

    /// <summary>A builder that knows the short names of the options.</summary>
    /// <exception cref="StartException">A file of settings cannot be read.</exception>
    public static WebApplicationBuilder CreateBuilder(string[] args)
    {
        try
        {
            var builder = WebApplication.CreateBuilder(new WebApplicationOptions { Args = args, ContentRootPath = AppContext.BaseDirectory });
            builder.Configuration.AddCommandLine(args, Switches);
            return builder;
        }
        catch (InvalidDataException e)
        {
            throw new StartException($"{e.Message} {e.GetBaseException().Message}", e);
        }
    }

    private static async Task<int> ServeAsync(string[] args)
    {
        using var signals = new StopSignals();
        await using var app = RideTrackingServer.Build(args);
        return await ServeAsync(app, signals.Stop);
    }

    private static async Task<int> SayAsync(string message)
    {
        await Console.Out.WriteLineAsync(message);
        return 0;
    }

    private static async Task<int> FailAsync(string message)
    {
        await Console.Error.WriteLineAsync(message);
        return 1;
    }
}
