using Google.Type;
using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using RideTracking.Server.Access;
using RideTracking.Server.Tests.Fixtures;
using RideTracking.V1;

namespace RideTracking.Server.Tests.Access;

/// <summary>A server that believes the tokens of a test's issuer, as one in production would, and a trip of somebody else's.</summary>
public sealed class AccessWorld : IAsyncLifetime
{
    public const string SomebodyElse = "somebody-else";
    private const string Oneself = "oneself";

    private readonly string _keySet = Path.GetTempFileName();
    private readonly FakeTimeProvider _tokenClock = new(TimeProvider.System.GetUtcNow());
    private ServerHost? _server;
    private ChannelBase? _channel;

    internal TokenForge Issuer { get; } = new();

    internal TokenForge Stranger { get; } = new("stranger");

    public DateTimeOffset Now => _tokenClock.GetUtcNow();

    public ChannelBase Channel => _channel!;

    public HttpClient Web { get; } = new();

    public string TripOfSomebodyElse { get; private set; } = "";

    public string LinkOfSomebodyElse { get; private set; } = "";

    public static RequestTripRequest TripRequest(string riderId, string requestId) => new()
    {
        RequestId = requestId,
        RiderId = riderId,
        PartySize = 1,
        Waypoints =
        {
            new Waypoint { Kind = WaypointKind.Pickup, Location = new LatLng { Latitude = 41.15, Longitude = -8.61 } },
            new Waypoint { Kind = WaypointKind.Dropoff, Location = new LatLng { Latitude = 41.16, Longitude = -8.62 } },
        },
    };

    public async ValueTask InitializeAsync()
    {
        await File.WriteAllTextAsync(_keySet, Issuer.KeySet);
        _server = await ServerHost.StartAsync(
            configure: builder => builder.Services.AddKeyedSingleton<TimeProvider>(AccessSetup.TokenClock, _tokenClock),
            args: ["--Access:JwksFile", _keySet, "--Access:Issuer", TokenForge.Issuer]);
        _channel = _server.Channel();
        Web.BaseAddress = _server.WebAddress;
        var riders = new RiderService.RiderServiceClient(Channel);
        var somebodyElse = Headers(Issuer.Sign(Now, "rider", (string[])[SomebodyElse]));
        TripOfSomebodyElse = (await riders.RequestTripAsync(TripRequest(SomebodyElse, "r1"), somebodyElse)).Trip.TripId;
        LinkOfSomebodyElse = (await riders.CreateShareLinkAsync(new CreateShareLinkRequest { RequestId = "s1", TripId = TripOfSomebodyElse }, somebodyElse)).LinkId;
    }

    public async ValueTask DisposeAsync()
    {
        Web.Dispose();
        await _server!.DisposeAsync();
        Issuer.Dispose();
        Stranger.Dispose();
        File.Delete(_keySet);
    }

    public string TokenOf(Role role, string id = Oneself, TimeSpan? lifetime = null) => role switch
    {
        Role.Driver => Issuer.Sign(Now, "driver", (string[])[id], lifetime: lifetime),
        Role.Rider => Issuer.Sign(Now, "rider", (string[])[id], lifetime: lifetime),
        Role.Ops => Issuer.Sign(Now, "ops", lifetime: lifetime),
        _ => Issuer.Sign(Now, "service", lifetime: lifetime),
    };

    public static Metadata Headers(string token) => [new("authorization", $"Bearer {token}")];

    public void Advance(TimeSpan time) => _tokenClock.Advance(time);
}
