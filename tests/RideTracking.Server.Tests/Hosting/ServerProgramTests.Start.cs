using System.Diagnostics;
using System.IO.Compression;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using RideTracking.Server.Tests.Fixtures;

namespace RideTracking.Server.Tests.Hosting;

/// <summary>A start that fails says in a sentence why, and what to do; one that is asked for help or told to stop does not fail.</summary>
public sealed partial class ServerProgramTests
{
    private static readonly string[] Development = ["--environment", "Development", "--grpc-port", "0", "--web-port", "0", "--management-port", "0"];

    [Fact]
    public async Task Every_mistake_of_the_command_line_is_told_at_once_with_what_was_meant()
    {
        string[] told =
        [
            "There is no option --Trips:OfferWindw; the nearest is --Trips:OfferWindow.",
            "There is no option --OffersAtOnce; the nearest is --Trips:OffersAtOnce.",
            "There is no option --Zones:Limits:MaxPonts; the nearest is --Zones:Limits:MaxPoints.",
            "There is no option --web-prot; the nearest is --web-port.",
            "There is no option --enviroment; the nearest is --environment.",
            "There is no option --quite-another-thing; see --help.",
            "--Gate is a section and no setting: name one in it, such as --Gate:AllowMock.",
            "'astray' is no option, and the value of none: options are --name value; see --help.",
            "--bind has no value.",
            "--data has no value.",
            "Listen:GrpcPort is \"many\". Set it to a whole number.",
            "Matching:Mode is \"Best\". Set it to one of Batch, Greedy.",
            "Gate:AllowMock is \"perhaps\". Set it to true or false.",
            "Trips:OfferWindow is \"soon\". Set it to a time such as 00:00:15, or 1.00:00:00 for a day.",
            "Logging:LogLevel:Default is \"Loud\". Set it to one of Trace, Debug, Information, Warning, Error, Critical, None.",
        ];
        var (exitCode, _, error) = await RunAsync(
            "--Trips:OfferWindow", "soon", "--bind", "--Trips:OfferWindw", "00:00:20", "--OffersAtOnce=2", "--Zones:Limits:MaxPonts", "7", "--web-prot", "0",
            "--enviroment", "Development", "--quite-another-thing", "1", "--Gate", "1", "astray", "--grpc-port", "many", "--Matching:Mode", "Best",
            "--Gate:AllowMock", "perhaps", "--Logging:LogLevel:Default", "Loud", "--data");
        Assert.Equal(1, exitCode);
        Assert.Equal(told.Order(), error.TrimEnd().Split('\n').Order());
    }

    [Fact]
    public async Task A_variable_that_is_no_setting_is_refused_by_its_name_and_a_section_of_that_name_is_nobodys_business()
    {
        using var process = Start([("TRIPS__OFFERWINDW", "00:00:20"), ("LOG", "all"), ("STORE_PORT", "tcp://10.0.0.1:80")], Development);
        var (exitCode, _, error) = await EndAsync(process);
        Assert.Equal(1, exitCode);
        Assert.Equal("There is no setting Trips:OFFERWINDW (environment variable TRIPS__OFFERWINDW); the nearest is Trips:OfferWindow.", error.Trim());
    }

    [Fact]
    public async Task A_file_of_settings_that_is_none_is_named()
    {
        var environment = $"Damaged{Guid.NewGuid():N}";
        var file = Path.Combine(Path.GetDirectoryName(typeof(RideTrackingServer).Assembly.Location)!, $"appsettings.{environment}.json");
        await File.WriteAllTextAsync(file, "{ \"Trips\": { ", TestContext.Current.CancellationToken);
        await RefusesAsync($"Failed to load configuration from file '{file}'. ", "--environment", environment);
        File.Delete(file);
    }

    [Theory]
    [InlineData("no option --web-prot; the nearest is --web-port.", "health", "--web-prot", "1")]
    [InlineData("no option --dta; the nearest is --data.", "log", "--dta", "data")]
    [InlineData("no option --rol; the nearest is --role.", "token", "--rol", "ops")]
    [InlineData("Option '--role' is required.", "token", "--id", "o")]
    [InlineData("There is no store in /nowhere. Name the server's data folder with --data, or its Redis with --redis.", "log", "--data", "/nowhere")]
    [InlineData("The store does not answer.", "log", "--redis", "127.0.0.1:1")]
    public Task A_verb_too_says_what_it_cannot_do(string told, params string[] args) => RefusesAsync(told, args);

    [Theory]
    [InlineData("--Section:Name value", "--help")]
    [InlineData("--Section:Name value", "-h")]
    [InlineData("--Section:Name value", "--redis", "r:6379", "--help")]
    [InlineData("--management-port", "health", "--help")]
    [InlineData("--redis", "log", "--help")]
    [InlineData("--lifetime", "token", "--help")]
    [InlineData("1.", "--version")]
    public async Task Help_and_version_are_said_and_nothing_is_started(string told, params string[] args)
    {
        var (exitCode, output, error) = await RunAsync(args);
        Assert.Equal((0, ""), (exitCode, error));
        Assert.Contains(told, output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_data_folder_belongs_to_one_server_and_the_log_is_read_when_it_has_stopped()
    {
        await using var server = await ServerHost.StartAsync();
        await RefusesAsync("is in use by another server. Stop it, or choose another folder with --data.", [.. Development, "--data", server.DataFolder]);
        await RefusesAsync("is in use by another server. Stop it, or choose another folder with --data.", "log", "--data", server.DataFolder);
    }

    [Fact]
    public async Task A_data_folder_that_cannot_be_written_is_named()
    {
        var file = Path.GetTempFileName();
        foreach (var folder in (string[])["/proc/nowhere", Path.Combine(file, "data"), file])
        {
            await RefusesAsync($"The data folder {folder} cannot be used (", [.. Development, "--data", folder]);
        }

        await RefusesAsync($"The data folder {file} cannot be used (", "token", "--role", "ops", "--id", "o", "--data", file);
        File.Delete(file);
    }

    [Fact]
    public async Task A_store_that_cannot_be_written_is_named_without_a_development_key_too()
    {
        var folder = Directory.CreateTempSubdirectory("unwritable-").FullName;
        await File.WriteAllTextAsync(Path.Combine(folder, "store"), "in the way", TestContext.Current.CancellationToken);
        await RefusesAsync($"The data folder {folder}/store cannot be used (", [.. Development, "--data", folder]);
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task A_damaged_development_key_is_named()
    {
        var folder = Directory.CreateTempSubdirectory("damaged-").FullName;
        await File.WriteAllTextAsync(Path.Combine(folder, "dev-signing-key.pem"), "no key", TestContext.Current.CancellationToken);
        await RefusesAsync($"The development key {folder}/dev-signing-key.pem is damaged. Delete it, ", [.. Development, "--data", folder]);
        Directory.Delete(folder, recursive: true);
    }

    [Theory]
    [InlineData("An https endpoint has no certificate. ", "--Kestrel:Endpoints:Phones:Url", "https://127.0.0.1:0")]
    [InlineData("An endpoint of the section Kestrel cannot be opened: ", "--Kestrel:Endpoints:Phones:Url", "rubbish")]
    [InlineData("This machine has no such address to listen on. ", "--bind", "192.0.2.1")]
    public async Task An_endpoint_that_cannot_be_opened_is_explained(string told, params string[] args)
    {
        var folder = Directory.CreateTempSubdirectory("endpoint-").FullName;
        await RefusesAsync(told, [.. Development, "--data", folder, .. args]);
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task A_port_that_is_taken_is_named()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        var port = ((IPEndPoint)taken.LocalEndpoint).Port;
        var folder = Directory.CreateTempSubdirectory("taken-").FullName;
        await RefusesAsync($"A port is taken: Failed to bind to address http://127.0.0.1:{port}: address already in use. ", [.. Development, "--data", folder, "--web-port", $"{port}"]);
        Directory.Delete(folder, recursive: true);
    }

    [Theory]
    [InlineData("redis:6379,pasword=x")]
    [InlineData("redis://redis:6379")]
    [InlineData("a redis")]
    [InlineData(",ssl=true")]
    public Task A_store_that_cannot_be_understood_is_refused_without_being_shown(string redis) =>
        RefusesAsync("Store:Redis (--redis) cannot be understood. Set it to host:port, ", [.. Development, "--redis", redis]);

    [Fact]
    public async Task A_file_that_is_no_extract_of_roads_is_refused_with_what_it_is_and_how_to_convert_it()
    {
        var folder = Directory.CreateTempSubdirectory("no-roads-").FullName;
        var xml = await FileAsync("city.osm", "<?xml version='1.0'?><osm/>"u8.ToArray());
        var gzip = await FileAsync("city.osm.gz", Packed());
        foreach (var (file, told) in ((string, string)[])[
            (xml, $"that is OpenStreetMap XML. Convert it: osmium cat -F osm \"{xml}\" -o city.osm.pbf"),
            (gzip, $"that is compressed with gzip. Convert it: osmium cat -F osm.gz \"{gzip}\" -o city.osm.pbf"),
            (await FileAsync("packed.osm.pbf.gz", Packed()), $"that is compressed with gzip. Unpack it: gunzip \"{folder}/packed.osm.pbf.gz\""),
            (await FileAsync("empty.osm.pbf", []), "that is no OpenStreetMap extract. "),
            (await FileAsync("notes.txt", "This is no map."u8.ToArray()), "that is no OpenStreetMap extract. "),
            (folder, "that is a folder. Name the .osm.pbf file in it."),
            ($"{folder}/ciyt.osm.pbf", "there is no such file. "),
        ])
        {
            await RefusesAsync($"Roads:File (--roads) is \"{file}\": {told}", [.. Development, "--roads", file]);
        }

        var line = await FileAsync("line.geojson", "{\"type\":\"LineString\",\"coordinates\":[[0,0],[1,1]]}"u8.ToArray());
        await RefusesAsync($"Roads:CutTo is \"{line}\": it is no area: ", [.. Development, "--roads", "demo", "--Roads:CutTo", line]);
        await RefusesAsync($"Roads:CutTo is \"{folder}/no.geojson\": it cannot be read (", [.. Development, "--roads", "demo", "--Roads:CutTo", $"{folder}/no.geojson"]);

        Directory.Delete(folder, recursive: true);

        async Task<string> FileAsync(string name, byte[] content)
        {
            var path = Path.Combine(folder, name);
            await File.WriteAllBytesAsync(path, content, TestContext.Current.CancellationToken);
            return path;
        }

        static byte[] Packed()
        {
            var packed = new MemoryStream();
            using (var gzip = new GZipStream(packed, CompressionLevel.Fastest))
            {
                gzip.Write("<osm/>"u8);
            }

            return packed.ToArray();
        }
    }

    [Fact]
    public async Task A_signal_while_the_server_looks_for_its_store_ends_it_well()
    {
        // Takes connections and says nothing, so that the start lasts until the signal.
        using var silent = new TcpListener(IPAddress.Loopback, 0);
        silent.Start();
        var folder = Directory.CreateTempSubdirectory("signal-").FullName;
        using var process = Start([], [.. Development, "--redis", $"127.0.0.1:{((IPEndPoint)silent.LocalEndpoint).Port}", "--data", folder]);
        using (await silent.AcceptTcpClientAsync(TestContext.Current.CancellationToken))
        {
            Terminate(process);
            await EndsQuietlyAsync(process);
        }

        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task A_signal_before_the_host_hears_any_ends_the_server_well()
    {
        // A file of settings, the first thing that is read; opening it waits until somebody writes.
        var environment = $"Early{Guid.NewGuid():N}";
        var settings = Path.Combine(Path.GetDirectoryName(typeof(RideTrackingServer).Assembly.Location)!, $"appsettings.{environment}.json");
        using (var make = Process.Start("mkfifo", settings))
        {
            await make.WaitForExitAsync(TestContext.Current.CancellationToken);
        }

        var folder = Directory.CreateTempSubdirectory("early-").FullName;
        using var process = Start([], ["--data", folder, "--environment", environment, "--Access:Authority", "https://login.example.com"]);
        await using (var writing = await Task.Run(() => new FileStream(settings, FileMode.Open, FileAccess.Write, FileShare.ReadWrite), TestContext.Current.CancellationToken))
        {
            Terminate(process);
            await writing.WriteAsync("{ }"u8.ToArray(), TestContext.Current.CancellationToken);
        }

        await EndsQuietlyAsync(process);
        File.Delete(settings);
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task A_background_service_that_fails_is_told_once_and_ends_the_server_as_failed()
    {
        var folder = Directory.CreateTempSubdirectory("failing-").FullName;
        var errors = new ErrorLog();
        await using (var app = RideTrackingServer.Build(
            [.. Development, "--data", folder],
            builder =>
            {
                builder.Logging.ClearProviders().AddProvider(errors);
                builder.Services.AddHostedService<Failing>();
            }))
        {
            Assert.Equal(1, await ServerCommands.ServeAsync(app, TestContext.Current.CancellationToken));
        }

        Assert.True(errors.Unexpected.Count == 1, string.Join(Environment.NewLine, errors.Unexpected));
        Assert.Contains("It cannot go on.", errors.Unexpected[0], StringComparison.Ordinal);
        Directory.Delete(folder, recursive: true);
    }

    private static async Task RefusesAsync(string told, params string[] args)
    {
        using var process = Start([], args);
        var (exitCode, output, error) = await EndAsync(process);
        Assert.Equal(1, exitCode);
        Assert.Contains(told, error, StringComparison.Ordinal);
        Assert.Single(error.TrimEnd().Split('\n'));
        Assert.DoesNotContain("   at ", output + error, StringComparison.Ordinal);
        Assert.DoesNotContain("xception", output + error, StringComparison.Ordinal);
    }

    private static async Task EndsQuietlyAsync(Process process)
    {
        var (exitCode, output, error) = await EndAsync(process);
        Assert.Equal((0, ""), (exitCode, error));
        Assert.DoesNotContain("Application started", output, StringComparison.Ordinal);
        Assert.DoesNotContain("xception", output, StringComparison.Ordinal);
    }

    private static void Terminate(Process process)
    {
        using var kill = Process.Start("kill", ["-TERM", $"{process.Id}"]);
        kill.WaitForExit();
    }

    private static Process Start((string Name, string Value)[] variables, string[] args)
    {
        var start = new ProcessStartInfo("dotnet", [typeof(RideTrackingServer).Assembly.Location, .. args]) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var (name, value) in variables)
        {
            start.Environment[name] = value;
        }

        return Process.Start(start)!;
    }

    private static async Task<(int ExitCode, string Output, string Error)> EndAsync(Process process)
    {
        try
        {
            var output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
            var error = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
            await process.WaitForExitAsync(TestContext.Current.CancellationToken);
            return (process.ExitCode, await output, await error);
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill();
            }
        }
    }

    private sealed class Failing : BackgroundService
    {
        protected override Task ExecuteAsync(CancellationToken stoppingToken) => throw new NotSupportedException("It cannot go on.");
    }
}
