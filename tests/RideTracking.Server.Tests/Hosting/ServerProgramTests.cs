using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using RideTracking.Server.Areas;
using RideTracking.Server.Tests.Fixtures;

namespace RideTracking.Server.Tests.Hosting;

/// <summary>The program as a person starts it.</summary>
public sealed partial class ServerProgramTests
{
    [Fact]
    public async Task Production_without_keys_ends_at_once_and_says_how_to_mend_it()
    {
        var (exitCode, output, error) = await RunAsync("--environment", "Production", "--data", "/nowhere");
        Assert.Equal(1, exitCode);
        Assert.Equal("", output);
        Assert.StartsWith("Access: there are no keys to check tokens with. Set Access:JwksFile ", error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Every_wrong_setting_is_told_at_once()
    {
        var (exitCode, _, error) = await RunAsync(
            "--environment", "Development", "--grpc-port", "70000", "--Store:Area", "Ü", "--Access:ClockSkew", "1:00:00", "--Log:Retention", "0:00:01",
            "--Trips:OfferWindow", "0:00:00", "--Streams:AckEveryFixes", "0", "--Gate:MaxAccuracyMeters", "-1", "--Fleet:MaxWatchers", "0");
        Assert.Equal(1, exitCode);
        foreach (var setting in (string[])
            ["Listen:GrpcPort", "Store:Area", "Access:ClockSkew", "Log:Retention", "Trips:OfferWindow", "Streams:AckEveryFixes", "MaxAccuracyMeters", "Fleet:MaxWatchers"])
        {
            Assert.Contains(setting, error, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_replays_clock_is_refused_in_production()
    {
        var (exitCode, _, error) = await RunAsync("--environment", "Production", "--time-scale", "10");
        Assert.Equal(1, exitCode);
        Assert.Contains("--time-start and --time-scale are for replays on a development server only.", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_unknown_verb_is_no_reason_to_serve()
    {
        var (exitCode, _, error) = await RunAsync("tokn", "--role", "ops");
        Assert.Equal(1, exitCode);
        Assert.StartsWith("There is no 'tokn'. Use `token`, ", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_token_command_prints_a_token_that_the_development_server_believes()
    {
        await using var server = await ServerHost.StartAsync();
        var (exitCode, token, error) = await RunAsync("token", "--role", "service", "--id", "backend", "--lifetime", "5m", "--data", server.DataFolder);
        Assert.Equal((0, ""), (exitCode, error));
        var drivers = await new V1.DirectoryService.DirectoryServiceClient(server.Channel()).ListDriversAsync(
            new V1.ListDriversRequest(), [new("authorization", $"Bearer {token.Trim()}")], cancellationToken: TestContext.Current.CancellationToken);
        Assert.Empty(drivers.Drivers);
    }

    [Theory]
    [InlineData("--role", "admin")]
    [InlineData("--lifetime", "soon")]
    [InlineData("--lifetime", "0s")]
    [InlineData("--lifetime", "400d")]
    public async Task The_token_command_says_what_it_takes(string option, string value)
    {
        string[] good = ["--role", "ops", "--id", "o", "--lifetime", "1h"];
        var (exitCode, _, error) = await RunAsync(["token", .. good.Select((text, i) => i > 0 && good[i - 1] == option ? value : text)]);
        Assert.Equal(1, exitCode);
        Assert.Contains($"{option} is \"{value}\"; use ", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_health_command_tells_a_running_server_from_none()
    {
        await using var server = await ServerHost.StartAsync();
        var port = server.ManagementAddress.Port.ToString(System.Globalization.CultureInfo.InvariantCulture);
        Assert.Equal(0, (await RunAsync("health", "--management-port", port)).ExitCode);
        await server.StopAsync();
        Assert.Equal(1, (await RunAsync("health", "--management-port", port)).ExitCode);
    }

    [Fact]
    public async Task A_server_whose_embedded_store_lost_its_files_ends_as_failed()
    {
        var folder = Directory.CreateTempSubdirectory("lost-").FullName;
        await using var server = await ServerProcess.StartAsync(folder);
        // In one step: the server goes on making files there.
        Directory.Move(Path.Combine(folder, "store"), Path.Combine(folder, "lost"));
        Assert.Equal(1, await server.ExitCodeAsync());
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task A_server_that_is_told_to_stop_ends_well()
    {
        var folder = Directory.CreateTempSubdirectory("stopped-").FullName;
        await using var server = await ServerProcess.StartAsync(folder);
        server.Terminate();
        Assert.Equal(0, await server.ExitCodeAsync());
        Directory.Delete(folder, recursive: true);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_loop_that_ends_with_a_fault_ends_the_server_as_failed(bool isACitys)
    {
        var folder = Directory.CreateTempSubdirectory("fault-").FullName;
        await using (var app = RideTrackingServer.Build(
            ["--environment", "Development", "--data", folder, "--grpc-port", "0", "--web-port", "0", "--management-port", "0"],
            builder =>
            {
                builder.Logging.ClearProviders();
                if (isACitys)
                {
                    builder.Services.AddSingleton(new AreaChange(area => area.AddHostedService<Faulty>()));
                }
                else
                {
                    builder.Services.AddHostedService<Faulty>();
                }
            }))
        {
            Assert.Equal(1, await ServerCommands.ServeAsync(app, TestContext.Current.CancellationToken));
        }

        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task The_log_command_prints_what_is_in_the_log()
    {
        await using var redis = await RedisProcess.StartAsync();
        await using var server = await ServerHost.StartAsync(redis);
        await using var phone = await DriverPhone.ConnectAsync(server, "d1");
        await phone.SendAsync(DriverPhone.Batch(TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds(), 1, 2));
        await phone.ReadAckAsync(2);

        var (exitCode, output, error) = await RunAsync("log", "--redis", redis.Endpoint);

        Assert.Equal((0, ""), (exitCode, error));
        var lines = output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.StartsWith("driver,session,sequence,", lines[0], StringComparison.Ordinal);
        Assert.Equal(["1", "2"], lines.Skip(1).Select(line => line.Split(',')).Where(fix => fix[0] == "d1").Select(fix => fix[2]));
    }

    private sealed class Faulty : BackgroundService
    {
        protected override async Task ExecuteAsync(CancellationToken stoppingToken)
        {
            await Task.Yield();
            throw new InvalidTimeZoneException("A fault for the test.");
        }
    }

    private static async Task<(int ExitCode, string Output, string Error)> RunAsync(params string[] args)
    {
        using var process = Start([], args);
        return await EndAsync(process);
    }
}
