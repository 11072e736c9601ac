using Google.Protobuf;
using Grpc.Core;
using RideTracking.Server.Areas;
using RideTracking.Server.Directories;
using RideTracking.Server.Protocol;

namespace RideTracking.Server.Api;

/// <summary>The directory for the company's backend.</summary>
internal sealed class DirectoryEndpoint(AreaSet areas, CompanyDirectory directory) : V1.DirectoryService.DirectoryServiceBase
{
    public override async Task<V1.UpsertDriverResponse> UpsertDriver(V1.UpsertDriverRequest request, ServerCallContext context)
    {
        Pass(await directory.SetAsync(request.Driver));
        return new V1.UpsertDriverResponse { Driver = request.Driver };
    }

    public override async Task<V1.GetDriverResponse> GetDriver(V1.GetDriverRequest request, ServerCallContext context) =>
        new() { Driver = await GetAsync(directory.Drivers.FindAsync, "driver_id", request.DriverId) };

    public override Task<V1.ListDriversResponse> ListDrivers(V1.ListDriversRequest request, ServerCallContext context)
    {
        var (page, next) = directory.Drivers.Page(request.PageToken, DirectoryCheck.PageSize(request.PageSize, request.PageToken), d => d.DriverId);
        return Task.FromResult(new V1.ListDriversResponse { Drivers = { page }, NextPageToken = next });
    }

    public override async Task<V1.DeleteDriverResponse> DeleteDriver(V1.DeleteDriverRequest request, ServerCallContext context)
    {
        await RemoveAsync(DeleteDriverAsync, "driver_id", request.DriverId);
        return new V1.DeleteDriverResponse();
    }

    public override async Task<V1.UpsertVehicleResponse> UpsertVehicle(V1.UpsertVehicleRequest request, ServerCallContext context)
    {
        Pass(await directory.SetAsync(request.Vehicle));
        return new V1.UpsertVehicleResponse { Vehicle = request.Vehicle };
    }

    public override async Task<V1.GetVehicleResponse> GetVehicle(V1.GetVehicleRequest request, ServerCallContext context) =>
        new() { Vehicle = await GetAsync(directory.Vehicles.FindAsync, "vehicle_id", request.VehicleId) };

    public override Task<V1.ListVehiclesResponse> ListVehicles(V1.ListVehiclesRequest request, ServerCallContext context)
    {
        var (page, next) = directory.Vehicles.Page(request.PageToken, DirectoryCheck.PageSize(request.PageSize, request.PageToken), v => v.VehicleId);
        return Task.FromResult(new V1.ListVehiclesResponse { Vehicles = { page }, NextPageToken = next });
    }

    public override async Task<V1.DeleteVehicleResponse> DeleteVehicle(V1.DeleteVehicleRequest request, ServerCallContext context)
    {
        await RemoveAsync(directory.Vehicles.RemoveAsync, "vehicle_id", request.VehicleId);
        return new V1.DeleteVehicleResponse();
    }

    public override async Task<V1.UpsertRiderResponse> UpsertRider(V1.UpsertRiderRequest request, ServerCallContext context)
    {
        var rider = DirectoryCheck.Rider(request.Rider);
        await directory.Riders.SetAsync(rider);
        return new V1.UpsertRiderResponse { Rider = rider };
    }

    public override async Task<V1.GetRiderResponse> GetRider(V1.GetRiderRequest request, ServerCallContext context) =>
        new() { Rider = await GetAsync(directory.Riders.FindAsync, "rider_id", request.RiderId) };

    public override async Task<V1.ListRidersResponse> ListRiders(V1.ListRidersRequest request, ServerCallContext context)
    {
        var (page, next) = await directory.Riders.PageAsync(request.PageToken, DirectoryCheck.PageSize(request.PageSize, request.PageToken));
        return new V1.ListRidersResponse { Riders = { page }, NextPageToken = next };
    }

    public override async Task<V1.DeleteRiderResponse> DeleteRider(V1.DeleteRiderRequest request, ServerCallContext context)
    {
        await RemoveAsync(directory.Riders.RemoveAsync, "rider_id", request.RiderId);
        return new V1.DeleteRiderResponse();
    }

    public override Task ImportDirectory(
        IAsyncStreamReader<V1.ImportDirectoryRequest> requestStream, IServerStreamWriter<V1.ImportDirectoryResponse> responseStream, ServerCallContext context) =>
        new DirectoryImport(directory, DeleteDriverAsync, directory.Vehicles.RemoveAsync).RunAsync(requestStream, responseStream, context.CancellationToken);

    private async Task<bool> DeleteDriverAsync(string driverId)
    {
        // First, also of a driver without an entry: who fails in between can be deleted again.
        await areas.OfDriver(driverId).DriverRemoval.ForgetAsync(driverId);
        return await directory.Drivers.RemoveAsync(driverId);
    }

    private static void Pass(Google.Rpc.Status? fault)
    {
        if (fault is not null)
        {
            throw fault.ToRpcException();
        }
    }

    private static async Task<T> GetAsync<T>(Func<string, ValueTask<T?>> findAsync, string field, string id)
        where T : class, IMessage<T>
    {
        ExternalId.Require(field, id);
        return await findAsync(id) ?? throw NotFound(field, id);
    }

    private static async Task RemoveAsync(Func<string, Task<bool>> removeAsync, string field, string id)
    {
        ExternalId.Require(field, id);
        if (!await removeAsync(id))
        {
            throw NotFound(field, id);
        }
    }

    private static RpcException NotFound(string field, string id) =>
        Refusal.NotFound("NOT_IN_DIRECTORY", $"The directory has no entry with {field} {id}.").ToRpcException();
}
