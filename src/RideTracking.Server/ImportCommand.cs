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
        // Whole, before anything is sent: of a file that cannot be read nothing comes in.
        var lines = new List<(string File, int Line, IMessage Entry)>();
        foreach (var (file, kind) in files)
        {
            lines.AddRange(file is null ? [] : await ReadEntriesAsync(file, kind, cancel));
        }

        var bearer = (await ReadAsync(token, cancel)).Trim();
        using var channel = Uri.TryCreate(server, UriKind.Absolute, out var address) && address.Scheme is "http" or "https"
            ? GrpcChannel.ForAddress(address)
            : throw new StartException($"--server is \"{server}\"; use an address such as http://localhost:5001.");
        using var call = new DirectoryService.DirectoryServiceClient(channel).ImportDirectory([new("authorization", $"Bearer {bearer}")], cancellationToken: cancel);
        var sending = SendAsync(call.RequestStream, terms, lines, cancel);
        try
        {
            return await TellAsync(call.ResponseStream, lines, output, cancel);
        }
        catch (RpcException e)
        {
            throw new StartException($"The import ended: {e.Status.Detail} ({e.StatusCode}). What was not refused until then is there; import again to go on.", e);
        }
        finally
        {
            // What can go wrong with it ends the call, too, and was told with that.
            await sending.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private static async Task SendAsync(
        IClientStreamWriter<ImportDirectoryRequest> requests, ImportTerms terms, List<(string File, int Line, IMessage Entry)> lines, CancellationToken cancel)
    {
        await requests.WriteAsync(new ImportDirectoryRequest { Terms = terms }, cancel);
        foreach (var (_, _, entry) in lines)
        {
            await requests.WriteAsync(entry is Driver driver ? new ImportDirectoryRequest { Driver = driver } : new ImportDirectoryRequest { Vehicle = (Vehicle)entry }, cancel);
        }

        await requests.CompleteAsync();
    }

    private static async Task<List<(string File, int Line, IMessage Entry)>> ReadEntriesAsync(FileInfo file, MessageDescriptor kind, CancellationToken cancel)
    {
        using var csv = new CsvReader(new StringReader(await ReadAsync(file, cancel)), new CsvConfiguration(CultureInfo.InvariantCulture) { TrimOptions = TrimOptions.Trim });
        var entries = new List<(string File, int Line, IMessage Entry)>();
        try
        {
            if (!await csv.ReadAsync() || !csv.ReadHeader())
            {
                throw new StartException($"{file.Name} has no header.");
            }

            var fields = csv.HeaderRecord!.Select(name => kind.FindFieldByName(name) ?? throw new StartException(
                $"{file.Name}: the column '{name}' is no field of {kind.Name}: use {string.Join(", ", kind.Fields.InDeclarationOrder().Select(f => f.Name))}.")).ToArray();
            while (await csv.ReadAsync())
            {
                entries.Add((file.Name, csv.Parser.RawRow, Entry(kind, fields, csv, $"{file.Name}:{csv.Parser.RawRow}")));
            }
        }
        catch (CsvHelperException e)
        {
            throw new StartException($"{file.Name}:{csv.Parser.RawRow}: is no CSV: {e.Message.Split('\n')[0]}", e);
        }

        return entries;
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

    private static async Task<int> TellAsync(IAsyncStreamReader<ImportDirectoryResponse> responses, List<(string File, int Line, IMessage Entry)> lines, TextWriter output, CancellationToken cancel)
    {
        var isWhole = true;
        while (await responses.MoveNext(cancel))
        {
            switch (responses.Current)
            {
                case { Refusal: { } refusal }:
                    isWhole = false;
                    var (file, line, _) = lines[(int)refusal.Index];
                    await output.WriteLineAsync($"{file}:{line}: {refusal.Id} is refused: {refusal.Status.Message}");
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
