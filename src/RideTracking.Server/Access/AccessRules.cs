using System.Collections.Frozen;
using RideTracking.V1;

namespace RideTracking.Server.Access;

/// <summary>
/// The one table of who may call what. An RPC that is not in it is refused. Which driver, rider or trip a call may be
/// about is told by its request, so the handler asks: <see cref="Caller.RequireDriver"/>, <see cref="Caller.RequireRider"/>.
/// </summary>
public static class AccessRules
{
    /// <summary>Stands for an RPC that needs no token.</summary>
    public const Role Anybody = Role.None;

    /// <summary>Who may see the streets under the map.</summary>
    public const Role RoadTiles = Role.Ops | Role.Service;

    private static readonly FrozenDictionary<string, Role> RolesByMethod = new Dictionary<string, Role>
    {
        [Rpc(DriverService.Descriptor.FullName, "Connect")] = Role.Driver | Role.Service,
        [Rpc(DriverService.Descriptor.FullName, "ReportLocations")] = Role.Driver | Role.Service,

        [Rpc(RiderService.Descriptor.FullName, "EstimateTrip")] = Role.Rider | Role.Service,
        [Rpc(RiderService.Descriptor.FullName, "RequestTrip")] = Role.Rider | Role.Service,
        [Rpc(RiderService.Descriptor.FullName, "GetTrip")] = Role.Rider | Role.Service,
        [Rpc(RiderService.Descriptor.FullName, "CancelTrip")] = Role.Rider | Role.Service,
        [Rpc(RiderService.Descriptor.FullName, "UpdateWaypoints")] = Role.Rider | Role.Service,
        [Rpc(RiderService.Descriptor.FullName, "WatchTrip")] = Role.Rider | Role.Service,
        [Rpc(RiderService.Descriptor.FullName, "WatchNearbyDrivers")] = Role.Rider | Role.Service,
        [Rpc(RiderService.Descriptor.FullName, "CreateShareLink")] = Role.Rider | Role.Service,
        [Rpc(RiderService.Descriptor.FullName, "RevokeShareLink")] = Role.Rider | Role.Service,
        // The link's own token is the right.
        [Rpc(RiderService.Descriptor.FullName, "WatchSharedTrip")] = Anybody,
        [Rpc(RiderService.Descriptor.FullName, "RaiseIncident")] = Role.Rider | Role.Service,

        [Rpc(DirectoryService.Descriptor.FullName, "ImportDirectory")] = Role.Service,
        [Rpc(DirectoryService.Descriptor.FullName, "UpsertDriver")] = Role.Service,
        [Rpc(DirectoryService.Descriptor.FullName, "GetDriver")] = Role.Ops | Role.Service,
        [Rpc(DirectoryService.Descriptor.FullName, "ListDrivers")] = Role.Ops | Role.Service,
        [Rpc(DirectoryService.Descriptor.FullName, "DeleteDriver")] = Role.Service,
        [Rpc(DirectoryService.Descriptor.FullName, "UpsertVehicle")] = Role.Service,
        [Rpc(DirectoryService.Descriptor.FullName, "GetVehicle")] = Role.Ops | Role.Service,
        [Rpc(DirectoryService.Descriptor.FullName, "ListVehicles")] = Role.Ops | Role.Service,
        [Rpc(DirectoryService.Descriptor.FullName, "DeleteVehicle")] = Role.Service,
        [Rpc(DirectoryService.Descriptor.FullName, "UpsertRider")] = Role.Service,
        [Rpc(DirectoryService.Descriptor.FullName, "GetRider")] = Role.Ops | Role.Service,
        [Rpc(DirectoryService.Descriptor.FullName, "ListRiders")] = Role.Ops | Role.Service,
        [Rpc(DirectoryService.Descriptor.FullName, "DeleteRider")] = Role.Service,

        [Rpc(DispatchService.Descriptor.FullName, "SearchDrivers")] = Role.Ops | Role.Service,
        [Rpc(DispatchService.Descriptor.FullName, "RequestTrip")] = Role.Ops | Role.Service,
        [Rpc(DispatchService.Descriptor.FullName, "AssignTrip")] = Role.Ops | Role.Service,
        [Rpc(DispatchService.Descriptor.FullName, "ReassignTrip")] = Role.Ops | Role.Service,
        [Rpc(DispatchService.Descriptor.FullName, "CancelTrip")] = Role.Ops | Role.Service,
        [Rpc(DispatchService.Descriptor.FullName, "UpdateWaypoints")] = Role.Ops | Role.Service,
        [Rpc(DispatchService.Descriptor.FullName, "BlockDriver")] = Role.Ops | Role.Service,
        [Rpc(DispatchService.Descriptor.FullName, "UnblockDriver")] = Role.Ops | Role.Service,
        [Rpc(DispatchService.Descriptor.FullName, "SetRoadClosures")] = Role.Ops | Role.Service,
        [Rpc(DispatchService.Descriptor.FullName, "ListRoadClosures")] = Role.Ops | Role.Service,
        [Rpc(DispatchService.Descriptor.FullName, "SendDriverMessage")] = Role.Ops | Role.Service,
        [Rpc(DispatchService.Descriptor.FullName, "GetTrip")] = Role.Ops | Role.Service,
        [Rpc(DispatchService.Descriptor.FullName, "ListTrips")] = Role.Ops | Role.Service,
        [Rpc(DispatchService.Descriptor.FullName, "ExplainMatch")] = Role.Ops | Role.Service,
        [Rpc(DispatchService.Descriptor.FullName, "ServeMatching")] = Role.Service,
        [Rpc(DispatchService.Descriptor.FullName, "WatchTripEvents")] = Role.Ops | Role.Service,
        [Rpc(DispatchService.Descriptor.FullName, "WatchIncidents")] = Role.Ops | Role.Service,
        [Rpc(DispatchService.Descriptor.FullName, "ListIncidents")] = Role.Ops | Role.Service,
        [Rpc(DispatchService.Descriptor.FullName, "CloseIncident")] = Role.Ops | Role.Service,

        [Rpc(FleetService.Descriptor.FullName, "WatchFleet")] = Role.Ops | Role.Service,
        [Rpc(FleetService.Descriptor.FullName, "GetFleetDriver")] = Role.Ops | Role.Service,
        [Rpc(FleetService.Descriptor.FullName, "UpsertZone")] = Role.Ops | Role.Service,
        [Rpc(FleetService.Descriptor.FullName, "GetZone")] = Role.Ops | Role.Service,
        [Rpc(FleetService.Descriptor.FullName, "ListZones")] = Role.Ops | Role.Service,
        [Rpc(FleetService.Descriptor.FullName, "DeleteZone")] = Role.Ops | Role.Service,
        [Rpc(FleetService.Descriptor.FullName, "WatchZoneEvents")] = Role.Ops | Role.Service,

        // Tools and balancers: they tell no more than the published contract and whether the server is up.
        ["/grpc.health.v1.Health/Check"] = Anybody,
        ["/grpc.health.v1.Health/List"] = Anybody,
        ["/grpc.health.v1.Health/Watch"] = Anybody,
        ["/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo"] = Anybody,
        ["/grpc.reflection.v1.ServerReflection/ServerReflectionInfo"] = Anybody,
    }.ToFrozenDictionary();

    /// <summary>Every RPC that has a rule.</summary>
    public static IReadOnlyCollection<string> Methods => RolesByMethod.Keys;

    /// <summary>The roles that may call <paramref name="method"/> (<c>/package.Service/Method</c>); false: nobody may.</summary>
    public static bool TryGetRoles(string method, out Role roles) => RolesByMethod.TryGetValue(method, out roles);

    private static string Rpc(string service, string method) => $"/{service}/{method}";
}
