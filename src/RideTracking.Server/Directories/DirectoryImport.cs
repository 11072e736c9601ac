using Grpc.Core;
using RideTracking.Server.Protocol;
using Status = Google.Rpc.Status;

namespace RideTracking.Server.Directories;

/// <summary>
/// One import of drivers and vehicles. What is refused is told while the rest goes on; what is missing is told, or removed, only once everything
/// has come. Repeating one changes nothing. Used by one call.
/// </summary>
/// <param name="directory">Where the entries go.</param>
/// <param name="removeDriver">Removes one and what is kept of it, or refuses.</param>
/// <param name="removeVehicle">Removes one.</param>
internal sealed class DirectoryImport(CompanyDirectory directory, Func<string, Task> removeDriver, Func<string, Task> removeVehicle)
{
    /// <summary>Entries of one import; their ids are held until its end.</summary>
    internal const int MostEntries = 1_000_000;

    private uint _refused;

    /// <exception cref="RpcException">INVALID_ARGUMENT; RESOURCE_EXHAUSTED.</exception>
    /// <exception cref="StackExchange.Redis.RedisException">The store is away; what was not refused until then is there. An import may be repeated.</exception>
    public async Task RunAsync(
        IAsyncStreamReader<V1.ImportDirectoryRequest> requests, IServerStreamWriter<V1.ImportDirectoryResponse> responses, CancellationToken cancel)
    {
        var terms = await requests.MoveNext(cancel) ? requests.Current.Terms : null;
        var check = new RequestCheck();
        check.Require(terms is not null, "terms", "must be the first message");
        check.Pass();

        var drivers = new ImportedEntries<V1.Driver>(
            directory.Drivers, d => (d.DriverId, d.HasRevision ? d.Revision : null),
            d => DirectoryCheck.FaultOf(d) ?? (terms!.DryRun ? null : directory.FaultOfAttributes("driver.attributes", d.Attributes)), terms!.DryRun);
        var vehicles = new ImportedEntries<V1.Vehicle>(
            directory.Vehicles, v => (v.VehicleId, v.HasRevision ? v.Revision : null),
            v => DirectoryCheck.FaultOf(v) ?? (terms.DryRun ? null : directory.FaultOfAttributes("vehicle.attributes", v.Attributes)), terms.DryRun);
        for (var index = 0u; await requests.MoveNext(cancel); index++)
        {
            if (index >= MostEntries)
            {
                throw Refusal.Exhausted("IMPORT_TOO_LARGE", $"An import has at most {MostEntries} entries.", ("limit", $"{MostEntries}")).ToRpcException();
            }

            await TellAsync(responses, requests.Current switch
            {
                { Vehicle: { } vehicle } => await vehicles.TakeAsync(index, vehicle),
                { Driver: { } driver } => await drivers.TakeAsync(index, driver),
                _ => [new V1.ImportRefusal { Index = index, Status = Refusal.Field("message", "must be a vehicle or a driver") }],
            }, cancel);
        }

        await TellAsync(responses, await vehicles.WriteAsync(), cancel);
        await TellAsync(responses, await drivers.WriteAsync(), cancel);
        await FinishAsync(terms, drivers, vehicles, responses, cancel);
    }

    private async Task FinishAsync(
        V1.ImportTerms terms, ImportedEntries<V1.Driver> drivers, ImportedEntries<V1.Vehicle> vehicles, IServerStreamWriter<V1.ImportDirectoryResponse> responses, CancellationToken cancel)
    {
        // Drivers first: a vehicle goes after who was in it.
        List<(V1.ImportMissing Entry, Func<Task> Remove)> missing =
        [
            .. (terms.AllDrivers ? drivers.Missing() : []).Select(id => (new V1.ImportMissing { DriverId = id }, (Func<Task>)(() => removeDriver(id)))),
            .. (terms.AllVehicles ? vehicles.Missing() : []).Select(id => (new V1.ImportMissing { VehicleId = id }, (Func<Task>)(() => removeVehicle(id)))),
        ];
        var tooMany = terms.MaxRemovals > 0 && missing.Count > terms.MaxRemovals
            ? Refusal.Precondition("TOO_MANY_MISSING", $"{missing.Count} entries are missing, and at most {terms.MaxRemovals} may be removed (max_removals): none was.", ("missing", $"{missing.Count}"))
            : null;
        var removed = 0u;
        foreach (var (entry, remove) in missing)
        {
            if (tooMany is not null)
            {
                entry.Status = tooMany;
            }
            else if (terms.MaxRemovals > 0)
            {
                entry.Status = terms.DryRun ? null : await RemoveAsync(remove);
                entry.Removed = entry.Status is null;
                removed += entry.Removed ? 1u : 0;
            }

            await responses.WriteAsync(new V1.ImportDirectoryResponse { Missing = entry }, cancel);
        }

        await responses.WriteAsync(
            new V1.ImportDirectoryResponse
            {
                Summary = new V1.ImportSummary
                {
                    Added = drivers.Added + vehicles.Added,
                    Changed = drivers.Changed + vehicles.Changed,
                    Unchanged = drivers.Unchanged + vehicles.Unchanged,
                    Refused = _refused,
                    Missing = (uint)missing.Count,
                    Removed = removed,
                },
            },
            cancel);
    }

    // Null when it is gone.
    private static async Task<Status?> RemoveAsync(Func<Task> remove)
    {
        try
        {
            await remove();
            return null;
        }
        catch (RpcException e) when (e.StatusCode is StatusCode.FailedPrecondition or StatusCode.Aborted)
        {
            return e.GetRpcStatus();
        }
    }

    private async Task TellAsync(IServerStreamWriter<V1.ImportDirectoryResponse> responses, List<V1.ImportRefusal> refused, CancellationToken cancel)
    {
        foreach (var refusal in refused)
        {
            _refused++;
            await responses.WriteAsync(new V1.ImportDirectoryResponse { Refusal = refusal }, cancel);
        }
    }
}
