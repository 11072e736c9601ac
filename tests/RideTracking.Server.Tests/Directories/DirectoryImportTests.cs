using Google.Rpc;
using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;
using RideTracking.Server.Directories;
using RideTracking.Server.Hosting;
using RideTracking.Server.Tests.Dispatch;
using RideTracking.Server.Tests.Fixtures;
using RideTracking.V1;
using Role = RideTracking.Server.Access.Role;

namespace RideTracking.Server.Tests.Directories;

/// <summary>A company's drivers and vehicles, brought in and kept in step.</summary>
public sealed class DirectoryImportTests
{
    private static readonly ImportTerms All = new() { AllDrivers = true, AllVehicles = true };

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory, InlineData(false), InlineData(true)]
    public async Task Thousands_come_in_and_what_is_the_same_is_not_written_again(bool onRedis)
    {
        await using var redis = onRedis ? await RedisProcess.StartAsync() : null;
        await using var server = await ServerHost.StartAsync(redis);
        List<ImportDirectoryRequest> entries =
        [
            .. Enumerable.Range(0, 2000).Select(i => Of(new Vehicle { VehicleId = $"v{i}", Description = "white Prius", Seats = 4, Attributes = { "ramp" } })),
            .. Enumerable.Range(0, 2000).Select(i => Of(new Driver { DriverId = $"d{i}", DisplayName = $"Driver {i}", VehicleId = $"v{i}", Revision = 7 })),
        ];

        Assert.Equal(new ImportSummary { Added = 4000 }, (await ImportAsync(server, All, entries)).Summary);
        entries[17].Vehicle.Seats = 6;
        Assert.Equal(new ImportSummary { Changed = 1, Unchanged = 3999 }, (await ImportAsync(server, All, entries)).Summary);

        var directory = server.Services.GetRequiredService<CompanyDirectory>();
        Assert.Equal((2000, 2000, 6u), (directory.Drivers.Count, directory.Vehicles.Count, directory.Vehicles.Find("v17")!.Seats));
        // As a node has it that begins now.
        Assert.Equal("Driver 1999", (await directory.Drivers.ReadAsync("d1999"))!.DisplayName);
    }

    [Theory, InlineData(false), InlineData(true)]
    public async Task What_is_refused_is_told_with_its_place_and_reason_and_the_rest_comes_in(bool onRedis)
    {
        await using var redis = onRedis ? await RedisProcess.StartAsync() : null;
        await using var server = await ServerHost.StartAsync(redis);
        await ImportAsync(server, All, [Of(new Driver { DriverId = "late", DisplayName = "new", Revision = 5 })]);

        var came = await ImportAsync(server, new ImportTerms(),
        [
            Of(new Driver { DriverId = "good", DisplayName = "Good" }),
            Of(new Driver { DriverId = "bad id", DisplayName = "", Rating = 7 }),
            Of(new Driver { DriverId = "late", DisplayName = "old", Revision = 4 }),
            Of(new Driver { DriverId = "good", DisplayName = "Other" }),
            new ImportDirectoryRequest(),
            Of(new Vehicle { VehicleId = "v1", Seats = 0 }),
            Of(new Driver { DriverId = "last", DisplayName = "Last", Revision = 1UL << 53 }),
        ]);

        Assert.Equal(new ImportSummary { Added = 1, Refused = 6 }, came.Summary);
        Assert.Equal([1u, 2u, 3u, 4u, 5u, 6u], came.Refused.Select(r => r.Index).Order());
        Assert.Equal(
            ["driver.driver_id", "driver.display_name", "driver.rating"],
            came.Refused.Single(r => r.Index == 1).Status.GetDetail<BadRequest>()!.FieldViolations.Select(v => v.Field));
        Assert.Equal("REVISION_OLD", came.Refused.Single(r => r.Index == 2).Status.GetDetail<ErrorInfo>()!.Reason);
        Assert.Equal("IMPORTED_TWICE", came.Refused.Single(r => r.Index == 3).Status.GetDetail<ErrorInfo>()!.Reason);
        var directory = server.Services.GetRequiredService<CompanyDirectory>();
        Assert.Equal(("Good", "new"), (directory.Drivers.Find("good")!.DisplayName, directory.Drivers.Find("late")!.DisplayName));
    }

    [Fact]
    public async Task A_single_entry_of_a_lower_revision_is_refused_too_and_one_without_is_not_compared()
    {
        await using var world = await RideWorld.StartAsync();
        await UpsertAsync(3);
        var old = await Assert.ThrowsAsync<RpcException>(() => UpsertAsync(2));
        Assert.Equal((StatusCode.FailedPrecondition, "REVISION_OLD"), (old.StatusCode, old.GetRpcStatus()!.GetDetail<ErrorInfo>()!.Reason));
        await UpsertAsync(3);
        await UpsertAsync(null);
        await Assert.ThrowsAsync<RpcException>(() => UpsertAsync(2));
        // Who was deleted begins anew.
        await world.Directory.DeleteDriverAsync(new DeleteDriverRequest { DriverId = "d1" }, world.Service, cancellationToken: Cancel);
        await UpsertAsync(1);

        async Task UpsertAsync(ulong? revision)
        {
            var driver = new Driver { DriverId = "d1", DisplayName = $"of {revision}" };
            if (revision is { } number)
            {
                driver.Revision = number;
            }

            await world.Directory.UpsertDriverAsync(new UpsertDriverRequest { Driver = driver }, world.Service, cancellationToken: Cancel);
        }
    }

    [Fact]
    public async Task Who_is_missing_is_told_or_removed_but_not_by_half_a_file_and_not_in_mid_trip()
    {
        await using var world = await RideWorld.StartAsync();
        var busy = await world.DriverAsync("busy");
        await world.RequestAsync();
        await busy.NextOfferAsync();
        List<ImportDirectoryRequest> entries =
        [
            Of(new Vehicle { VehicleId = "car-busy", Description = "white Prius", LicensePlate = "AA-00-busy", Seats = 4 }),
            .. "abcd".Select(id => Of(new Driver { DriverId = $"{id}", DisplayName = "Somebody" })),
        ];
        await ImportAsync(world.Host, new ImportTerms(), entries);
        entries.RemoveRange(1, 3);

        Assert.Equal(["a", "b", "busy", "c"], (await ImportAsync(world.Host, All, entries)).Missing.Select(m => m.DriverId).Order());
        var tooMany = await ImportAsync(world.Host, new ImportTerms(All) { MaxRemovals = 3 }, entries);
        Assert.Equal((4u, 0u), (tooMany.Summary.Missing, tooMany.Summary.Removed));
        Assert.All(tooMany.Missing, m => Assert.Equal("TOO_MANY_MISSING", m.Status.GetDetail<ErrorInfo>()!.Reason));
        Assert.Equal(4u, (await ImportAsync(world.Host, new ImportTerms(All) { MaxRemovals = 4, DryRun = true }, entries)).Summary.Removed);

        var removed = await ImportAsync(world.Host, new ImportTerms(All) { MaxRemovals = 4 }, entries);
        Assert.Equal((4u, 3u), (removed.Summary.Missing, removed.Summary.Removed));
        Assert.Equal(("busy", "DRIVER_HAS_TRIPS"), (removed.Missing.Single(m => !m.Removed).DriverId, removed.Missing.Single(m => !m.Removed).Status.GetDetail<ErrorInfo>()!.Reason));
        Assert.Equal(2, world.Host.Services.GetRequiredService<CompanyDirectory>().Drivers.Count);
    }

    [Fact]
    public async Task An_import_begins_with_its_terms()
    {
        await using var server = await ServerHost.StartAsync();
        using var call = Client(server).ImportDirectory(server.TokenOf(Role.Service, "backend"), cancellationToken: Cancel);
        await call.RequestStream.WriteAsync(Of(new Driver { DriverId = "d1", DisplayName = "Dora" }), Cancel);

        var refused = await Assert.ThrowsAsync<RpcException>(() => call.ResponseStream.MoveNext(Cancel));

        Assert.Equal((StatusCode.InvalidArgument, "terms"), (refused.StatusCode, refused.GetRpcStatus()!.GetDetail<BadRequest>()!.FieldViolations[0].Field));
    }

    [Fact]
    public async Task A_CSV_comes_in_by_one_command_and_each_line_that_does_not_is_named()
    {
        await using var server = await ServerHost.StartAsync();
        var (drivers, vehicles) = (Path.Combine(server.DataFolder, "drivers.csv"), Path.Combine(server.DataFolder, "vehicles.csv"));
        await File.WriteAllTextAsync(vehicles, "vehicle_id,description,license_plate,seats,attributes\nv1,\"Prius, white\",AA-00-01,4,ramp;child_seat\n", Cancel);
        await File.WriteAllTextAsync(drivers, "driver_id,display_name,rating,vehicle_id,revision\nd1,Dora,4.5,v1,3\nd2,,4,v1,3\nd3,Dan,,,\n", Cancel);

        Assert.Equal((1, $"""
            drivers.csv:3: d2 is refused: driver.display_name: must have 1 to 64 characters
            3 added, 0 changed, 0 unchanged, 1 refused, 0 missing, 0 removed

            """.ReplaceLineEndings()), await RunAsync());
        var directory = server.Services.GetRequiredService<CompanyDirectory>();
        Assert.Equal(["ramp", "child_seat"], directory.Vehicles.Find("v1")!.Attributes);
        Assert.Equal((4.5, 3ul, false), (directory.Drivers.Find("d1")!.Rating, directory.Drivers.Find("d1")!.Revision, directory.Drivers.Find("d3")!.HasRevision));

        await File.WriteAllTextAsync(drivers, "driver_id,display_name\nd3,Dan\n", Cancel);
        Assert.Equal((0, $"""
            driver d1 is removed
            0 added, 0 changed, 2 unchanged, 0 refused, 1 missing, 1 removed

            """.ReplaceLineEndings()), await RunAsync("--remove-missing", "5"));
        await File.WriteAllTextAsync(drivers, "driver,display_name\nd3,Dan\n", Cancel);
        Assert.Contains("the column 'driver' is no field of Driver", (await Assert.ThrowsAsync<StartException>(() => RunAsync())).Message);

        async Task<(int ExitCode, string Output)> RunAsync(params string[] more)
        {
            var token = Path.Combine(server.DataFolder, "import.token");
            await File.WriteAllTextAsync(token, server.TokenOf(Role.Service, "backend").GetValue("authorization")!["Bearer ".Length..], Cancel);
            var output = new StringWriter();
            return (await ImportCommand.RunAsync(["--server", $"{server.GrpcAddress}", "--token-file", token, "--drivers", drivers, "--vehicles", vehicles, .. more], output), $"{output}");
        }
    }

    private static ImportDirectoryRequest Of(Driver driver) => new() { Driver = driver };

    private static ImportDirectoryRequest Of(Vehicle vehicle) => new() { Vehicle = vehicle };

    private static DirectoryService.DirectoryServiceClient Client(ServerHost server) => new(server.Channel());

    private static async Task<(List<ImportRefusal> Refused, List<ImportMissing> Missing, ImportSummary Summary)> ImportAsync(
        ServerHost server, ImportTerms terms, IReadOnlyList<ImportDirectoryRequest> entries)
    {
        using var call = Client(server).ImportDirectory(server.TokenOf(Role.Service, "backend"), cancellationToken: Cancel);
        var told = ReadAsync(call.ResponseStream);
        await call.RequestStream.WriteAsync(new ImportDirectoryRequest { Terms = terms }, Cancel);
        foreach (var entry in entries)
        {
            await call.RequestStream.WriteAsync(entry, Cancel);
        }

        await call.RequestStream.CompleteAsync();
        return await told;
    }

    private static async Task<(List<ImportRefusal> Refused, List<ImportMissing> Missing, ImportSummary Summary)> ReadAsync(IAsyncStreamReader<ImportDirectoryResponse> responses)
    {
        var (refused, missing) = (new List<ImportRefusal>(), new List<ImportMissing>());
        while (await responses.MoveNext(Cancel))
        {
            switch (responses.Current.MessageCase)
            {
                case ImportDirectoryResponse.MessageOneofCase.Refusal:
                    refused.Add(responses.Current.Refusal);
                    break;
                case ImportDirectoryResponse.MessageOneofCase.Missing:
                    missing.Add(responses.Current.Missing);
                    break;
                default:
                    var summary = responses.Current.Summary;
                    Assert.False(await responses.MoveNext(Cancel));
                    return (refused, missing, summary);
            }
        }

        throw new InvalidOperationException("It ended without a summary.");
    }
}
