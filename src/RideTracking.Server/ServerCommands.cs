using Microsoft.Extensions.Options;
using RideTracking.Server.Hosting;
using RideTracking.Server.Store;

namespace RideTracking.Server;

/// <summary>The server's command line: a verb, or none to serve.</summary>
public static class ServerCommands
{
    private static readonly Dictionary<string, string> Switches = new()
    {
        ["--bind"] = "Listen:Address",
        ["--grpc-port"] = "Listen:GrpcPort",
        ["--web-port"] = "Listen:WebPort",
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
        switch (args)
        {
            case ["token", .. var options]:
                return TokenCommand.Run(options);
            case ["health", .. var options]:
                return await HealthCommand.RunAsync(options);
            case ["log", .. var options]:
                return await LogCommand.RunAsync(options);
            case [var verb, ..] when !verb.StartsWith('-'):
                return await FailAsync($"There is no '{verb}'. Use `token`, `health`, `log`, or none to serve.");
        }

        WebApplication app;
        try
        {
            app = RideTrackingServer.Build(args);
        }
        catch (OptionsValidationException e)
        {
            return await FailAsync(string.Join(Environment.NewLine, e.Failures));
        }
        catch (InvalidOperationException e)
        {
            return await FailAsync(e.Message);
        }

        await using (app)
        {
            try
            {
                var end = app.Services.GetRequiredService<ServerEnd>();
                BackgroundService[] services = [.. app.Services.GetServices<IHostedService>().OfType<BackgroundService>()];
                await app.RunAsync();
                // The host stops when one of them throws, and says no more about it.
                return end.HasFailed || Array.Exists(services, s => s.ExecuteTask is { IsFaulted: true }) ? 1 : 0;
            }
            catch (Exception e) when (Listening.ExplainBindFailure(e, app.Services.GetRequiredService<IOptions<ListenOptions>>().Value) is { } explanation)
            {
                return await FailAsync(explanation);
            }
            catch (StoreDamagedException e)
            {
                return await FailAsync(e.Message);
            }
        }
    }

    /// <summary>A builder that knows the short names of the options.</summary>
    public static WebApplicationBuilder CreateBuilder(string[] args)
    {
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions { Args = args, ContentRootPath = AppContext.BaseDirectory });
        builder.Configuration.AddCommandLine(args, Switches);
        return builder;
    }

    private static async Task<int> FailAsync(string message)
    {
        await Console.Error.WriteLineAsync(message);
        return 1;
    }
}
