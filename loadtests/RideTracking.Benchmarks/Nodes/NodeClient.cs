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

    public void Dispose() => _channel.Dispose();

    private static Metadata TokenOf(DevelopmentKey key, Role role) => new()
    {
        { "authorization", "Bearer " + key.Sign(role, [$"bench-{role}"], TimeSpan.FromHours(2)).Token },
    };
}
