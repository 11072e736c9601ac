using System.CommandLine;
using System.CommandLine.Invocation;
using System.Globalization;
using CsvHelper;
using CsvHelper.Configuration;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using Grpc.Core;
using Grpc.Net.Client;
using RideTracking.Server.Hosting;
using RideTracking.V1;

namespace RideTracking.Server;

/// <summary>The verb <c>import</c> of the server program: brings drivers and vehicles from CSV files into a running server's directory.</summary>
internal static class ImportCommand
{
    /// <returns>The process's exit code: 1 when a line was refused or something could not be removed.</returns>
    public static async Task<int> RunAsync(string[] args, TextWriter output)
    {
        var server = new Option<string>("--server") { DefaultValueFactory = _ => "http://localhost:5001", Description = "The server's address for gRPC" };
        var token = new Option<FileInfo>("--token-file") { Required = true, Description = "File that holds a token of the role service" };
        var drivers = new Option<FileInfo?>("--drivers") { Description = "CSV of drivers; its header names fields of the contract: driver_id, display_name, ..." };
        var vehicles = new Option<FileInfo?>("--vehicles") { Description = "CSV of vehicles" };
        var removals = new Option<uint>("--remove-missing") { HelpName = "most", Description = "Removes who is not in the files, if they are not more than this; without it they are told" };
        var dry = new Option<bool>("--dry-run") { Description = "Writes nothing; says what would be" };
        var command = new RootCommand("Brings drivers and vehicles from CSV files into the directory, and keeps it in step with them. Lists within a field are separated by semicolons.")
        {
            server, token, drivers, vehicles, removals, dry,
        };
        command.SetAction((parsed, cancel) => ImportAsync(
            parsed.GetValue(server)!, parsed.GetValue(token)!, [(parsed.GetValue(vehicles), Vehicle.Descriptor), (parsed.GetValue(drivers), Driver.Descriptor)],
            new ImportTerms
            {
                AllDrivers = parsed.GetValue(drivers) is not null,
                AllVehicles = parsed.GetValue(vehicles) is not null,
                MaxRemovals = parsed.GetValue(removals),
                DryRun = parsed.GetValue(dry),
            },
            output, cancel));
        var called = command.Parse(args);
        if (called.Action is ParseErrorAction)
        {
            throw new StartException(string.Join(Environment.NewLine, called.Errors.Select(e => e.Message)));
        }

        return await called.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false, Output = output });
    }

    private static async Task<int> ImportAsync(
        string server, FileInfo token, (FileInfo? File, MessageDescriptor Kind)[] files, ImportTerms terms, TextWriter output, CancellationToken cancel)
    {
        var bearer = (await ReadAsync(token, cancel)).Trim();
        using var channel = Uri.TryCreate(server, UriKind.Absolute, out var address) && address.Scheme is "http" or "https"
            ? GrpcChannel.ForAddress(address)
            : throw new StartException($"--server is \"{server}\"; use an address such as http://localhost:5001.");
        using var call = new DirectoryService.DirectoryServiceClient(channel).ImportDirectory([new("authorization", $"Bearer {bearer}")], cancellationToken: cancel);
        // Where each entry stands, for what is said of it. Bounded by the largest import.
        var lines = new List<(string File, int Line)>();
        var sending = SendAsync(call.RequestStream, terms, files, lines, cancel);
        try
        {
            var told = await TellAsync(call.ResponseStream, lines, output, cancel);
            await sending;
            return told;
        }
        catch (RpcException e)
        {
            throw new StartException($"The import ended: {e.Status.Detail} ({e.StatusCode}). What was not refused until then is there; import again to go on.", e);
        }
        finally
        {
            // Its fault was told, or is the call's.
            await sending.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private static async Task SendAsync(
        IClientStreamWriter<ImportDirectoryRequest> requests, ImportTerms terms, (FileInfo? File, MessageDescriptor Kind)[] files, List<(string File, int Line)> lines, CancellationToken cancel)
    {
        await requests.WriteAsync(new ImportDirectoryRequest { Terms = terms }, cancel);
        foreach (var (file, kind) in files)
        {
            if (file is null)
            {
                continue;
            }

            using var csv = new CsvReader(new StringReader(await ReadAsync(file, cancel)), new CsvConfiguration(CultureInfo.InvariantCulture) { TrimOptions = TrimOptions.Trim });
            await csv.ReadAsync();
            csv.ReadHeader();
            var fields = csv.HeaderRecord!.Select(name => kind.FindFieldByName(name) ?? throw new StartException(
                $"{file.Name}: the column '{name}' is no field of {kind.Name}: use {string.Join(", ", kind.Fields.InDeclarationOrder().Select(f => f.Name))}.")).ToArray();
            while (await csv.ReadAsync())
            {
                var line = csv.Parser.RawRow;
                var entry = Entry(kind, fields, csv, $"{file.Name}:{line}");
                lock (lines)
                {
                    lines.Add((file.Name, line));
                }

                await requests.WriteAsync(entry is Driver driver ? new ImportDirectoryRequest { Driver = driver } : new ImportDirectoryRequest { Vehicle = (Vehicle)entry }, cancel);
            }
        }

        await requests.CompleteAsync();
    }

    private static IMessage Entry(MessageDescriptor kind, FieldDescriptor[] fields, CsvReader csv, string place)
    {
        var entry = kind.Parser.ParseFrom([]);
        for (var column = 0; column < fields.Length; column++)
        {
            var (field, text) = (fields[column], csv.GetField(column) ?? "");
            if (field.IsRepeated)
            {
                var list = (System.Collections.IList)field.Accessor.GetValue(entry);
                foreach (var item in text.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
                {
                    list.Add(item);
                }
            }
            else if (text.Length > 0)
            {
                field.Accessor.SetValue(entry, Value(field, text) ?? throw new StartException($"{place}: {field.Name} must be a number, not '{text}'."));
            }
        }

        return entry;
    }

    private static object? Value(FieldDescriptor field, string text) => field.FieldType switch
    {
        FieldType.Double => double.TryParse(text, CultureInfo.InvariantCulture, out var number) ? number : null,
        FieldType.UInt32 => uint.TryParse(text, CultureInfo.InvariantCulture, out var number) ? number : null,
        FieldType.UInt64 => ulong.TryParse(text, CultureInfo.InvariantCulture, out var number) ? number : null,
        _ => text,
    };

    private static async Task<int> TellAsync(IAsyncStreamReader<ImportDirectoryResponse> responses, List<(string File, int Line)> lines, TextWriter output, CancellationToken cancel)
    {
        var isWhole = true;
        while (await responses.MoveNext(cancel))
        {
            switch (responses.Current)
            {
                case { Refusal: { } refusal }:
                    (string File, int Line) at;
                    lock (lines)
                    {
                        at = lines[(int)refusal.Index];
                    }

                    isWhole = false;
                    await output.WriteLineAsync($"{at.File}:{at.Line}: {refusal.Id} is refused: {refusal.Status.Message}");
                    break;
                case { Missing: { } missing }:
                    var id = missing.EntryCase == ImportMissing.EntryOneofCase.DriverId ? $"driver {missing.DriverId}" : $"vehicle {missing.VehicleId}";
                    isWhole &= missing.Status is null;
                    await output.WriteLineAsync(missing switch
                    {
                        { Removed: true } => $"{id} is removed",
                        { Status: { } why } => $"{id} is missing and stays: {why.Message}",
                        _ => $"{id} is missing",
                    });
                    break;
                case { Summary: { } summary }:
                    await output.WriteLineAsync(
                        $"{summary.Added} added, {summary.Changed} changed, {summary.Unchanged} unchanged, {summary.Refused} refused, {summary.Missing} missing, {summary.Removed} removed");
                    break;
            }
        }

        return isWhole ? 0 : 1;
    }

    private static async Task<string> ReadAsync(FileInfo file, CancellationToken cancel)
    {
        try
        {
            return await File.ReadAllTextAsync(file.FullName, cancel);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StartException($"{file.FullName} cannot be read: {e.Message}", e);
        }
    }
}
