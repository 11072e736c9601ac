using Grpc.Core;
using Grpc.Net.Client;
using RideTracking.Benchmarks.Processes;
using RideTracking.Server.Access;
using RideTracking.V1;

namespace RideTracking.Benchmarks.Nodes;

/// <summary>The services of one node, called as the company's backend, or as ops.</summary>
internal sealed class NodeClient : IDisposable
{
    private readonly GrpcChannel _channel;

    public NodeClient(DriverServer node, string folder)
        : this(node.Port, folder)
    {
    }

    public NodeClient(int port, string folder)
    {
        _channel = GrpcChannel.ForAddress($"http://127.0.0.1:{port}", new GrpcChannelOptions
        {
            HttpHandler = new SocketsHttpHandler { EnableMultipleHttp2Connections = true, UseProxy = false },
            DisposeHttpClient = true,
            MaxReceiveMessageSize = null,
        });
        using var key = DevelopmentKey.Open(folder, new AccessOptions().Audience, TimeProvider.System);
        (Service, Ops) = (TokenOf(key, Role.Service), TokenOf(key, Role.Ops));
        Drivers = new(_channel);
        Riders = new(_channel);
        Dispatch = new(_channel);
        Directory = new(_channel);
        Fleet = new(_channel);
    }

    public Metadata Service { get; }

    public Metadata Ops { get; }

    public DriverService.DriverServiceClient Drivers { get; }

    public RiderService.RiderServiceClient Riders { get; }

    public DispatchService.DispatchServiceClient Dispatch { get; }

    public DirectoryService.DirectoryServiceClient Directory { get; }

    public FleetService.FleetServiceClient Fleet { get; }

    /// <summary>A rider asks for a trip far from everybody, so that nobody is asked for it, and it is given to a driver.</summary>
    /// <param name="requestId">The request's, and the rider's.</param>
    /// <param name="driverId">Who gets it; must be available.</param>
    /// <param name="pickup">Where it begins, degrees.</param>
    /// <param name="dropoff">Where it ends, degrees.</param>
    /// <returns>Its id.</returns>
    public async Task<string> GiveTripAsync(string requestId, string driverId, (double Latitude, double Longitude) pickup, (double Latitude, double Longitude) dropoff)
    {
        var request = new RequestTripRequest { RequestId = requestId, RiderId = requestId, PartySize = 1 };
        foreach (var (kind, at) in new[] { (WaypointKind.Pickup, pickup), (WaypointKind.Dropoff, dropoff) })
        {
            request.Waypoints.Add(new Waypoint { Kind = kind, Location = new Google.Type.LatLng { Latitude = at.Latitude, Longitude = at.Longitude }, Label = $"{kind}" });
        }

        var trip = (await Riders.RequestTripAsync(request, Service)).Trip;
        await Dispatch.AssignTripAsync(new AssignTripRequest { TripId = trip.TripId, DriverId = driverId, Note = "benchmark" }, Service);
        return trip.TripId;
    }

    public void Dispose() => _channel.Dispose();

    private static Metadata TokenOf(DevelopmentKey key, Role role) => new()
    {
        { "authorization", "Bearer " + key.Sign(role, [$"bench-{role}"], TimeSpan.FromHours(2)).Token },
    };
}
