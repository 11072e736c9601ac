using Google.Protobuf;
using Google.Protobuf.Reflection;
using Google.Rpc;
using Grpc.Core;
using RideTracking.Server.Access;
using RideTracking.Server.Tests.Rest;
using RideTracking.V1;

namespace RideTracking.Server.Tests.Access;

/// <summary>Every RPC that the contract has, over gRPC and as JSON, tried by everybody who must not.</summary>
public sealed class AccessWalkTests(AccessWorld world) : IClassFixture<AccessWorld>
{
    private static readonly Role[] AllRoles = [Role.Driver, Role.Rider, Role.Ops, Role.Service];

    /// <summary>Requests about somebody else's driver, rider or trip, and the answer they get. A new RPC for drivers or riders needs one.</summary>
    private static readonly Dictionary<string, (Func<AccessWorld, IMessage> Request, StatusCode Status, string Reason)> Foreign = new()
    {
        ["/ridetracking.v1.DriverService/Connect"] = (
            _ => new ConnectRequest { Hello = new Hello { ProtocolVersion = 1, DriverId = AccessWorld.SomebodyElse, SessionId = "s" } },
            StatusCode.PermissionDenied, "NOT_YOUR_DRIVER"),
        ["/ridetracking.v1.DriverService/ReportLocations"] = (
            _ => new ReportLocationsRequest { DriverId = AccessWorld.SomebodyElse, SessionId = "s", Locations = new LocationBatch { Fixes = { new Fix { Sequence = 1 } } } },
            StatusCode.PermissionDenied, "NOT_YOUR_DRIVER"),
        ["/ridetracking.v1.RiderService/RequestTrip"] = (
            _ => AccessWorld.TripRequest(AccessWorld.SomebodyElse, "foreign"), StatusCode.PermissionDenied, "NOT_YOUR_RIDER"),
        // A trip of somebody else is as if it were not there: not even that is told.
        ["/ridetracking.v1.RiderService/GetTrip"] = (
            w => new GetTripRequest { TripId = w.TripOfSomebodyElse }, StatusCode.NotFound, "TRIP_NOT_FOUND"),
        ["/ridetracking.v1.RiderService/CancelTrip"] = (
            w => new CancelTripRequest { TripId = w.TripOfSomebodyElse, Reason = CancellationReason.ChangedMind }, StatusCode.NotFound, "TRIP_NOT_FOUND"),
        ["/ridetracking.v1.RiderService/UpdateWaypoints"] = (
            w => new UpdateWaypointsRequest { TripId = w.TripOfSomebodyElse, ExpectedVersion = 1, Waypoints = { AccessWorld.TripRequest("", "").Waypoints } },
            StatusCode.NotFound, "TRIP_NOT_FOUND"),
        ["/ridetracking.v1.RiderService/WatchTrip"] = (
            w => new WatchTripRequest { TripId = w.TripOfSomebodyElse }, StatusCode.NotFound, "TRIP_NOT_FOUND"),
        ["/ridetracking.v1.RiderService/CreateShareLink"] = (
            w => new CreateShareLinkRequest { RequestId = "s1", TripId = w.TripOfSomebodyElse }, StatusCode.NotFound, "TRIP_NOT_FOUND"),
        ["/ridetracking.v1.RiderService/RevokeShareLink"] = (
            w => new RevokeShareLinkRequest { LinkId = w.LinkOfSomebodyElse }, StatusCode.NotFound, "SHARE_LINK_NOT_FOUND"),
        ["/ridetracking.v1.RiderService/RaiseIncident"] = (
            w => new RaiseIncidentRequest { RequestId = "foreign", TripId = w.TripOfSomebodyElse, Kind = IncidentKind.Threat }, StatusCode.NotFound, "TRIP_NOT_FOUND"),
    };

    public static TheoryData<string> Methods => [.. Contract.Methods.Select(Contract.FullName).Where(method => RolesOf(method) != AccessRules.Anybody)];

    public static TheoryData<string> MethodsForDriversOrRiders =>
    [
        .. Contract.Methods.Select(Contract.FullName)
            .Where(method => (RolesOf(method) & (Role.Driver | Role.Rider)) != 0 && !AboutNobody.Contains(method)),
    ];

    // About places alone.
    private static readonly string[] AboutNobody = ["/ridetracking.v1.RiderService/EstimateTrip", "/ridetracking.v1.RiderService/WatchNearbyDrivers"];

    [Theory]
    [MemberData(nameof(Methods))]
    public async Task Nobody_gets_in_without_a_valid_token(string method)
    {
        var good = world.Issuer.Sign(world.Now, "service");
        await RefusedAsync(method, null, StatusCode.Unauthenticated, "TOKEN_MISSING");
        await RefusedAsync(method, [new("authorization", "Basic c2VydmljZTpzZXJ2aWNl")], StatusCode.Unauthenticated, "TOKEN_MISSING");
        await RefusedAsync(method, [new("authorization", $"Bearer {good}"), new("authorization", $"Bearer {good}")], StatusCode.Unauthenticated, "TOKEN_MALFORMED");
        await RefusedAsync(method, Bearer("nonsense"), StatusCode.Unauthenticated, "TOKEN_MALFORMED");
        await RefusedAsync(method, Bearer(TokenForge.Tampered(good)), StatusCode.Unauthenticated, "TOKEN_SIGNATURE");
        await RefusedAsync(method, Bearer(TokenForge.WithoutSignature(good)), StatusCode.Unauthenticated, "TOKEN_ALGORITHM");
        await RefusedAsync(method, Bearer(world.Issuer.SignWithPublicKeyAsSecret(good)), StatusCode.Unauthenticated, "TOKEN_ALGORITHM");
        await RefusedAsync(method, Bearer(world.Stranger.Sign(world.Now, "service")), StatusCode.Unauthenticated, "TOKEN_KEY_UNKNOWN");
        await RefusedAsync(method, Bearer(world.Issuer.Sign(world.Now, "service", lifetime: -TimeSpan.FromHours(1))), StatusCode.Unauthenticated, "TOKEN_EXPIRED");
        await RefusedAsync(method, Bearer(world.Issuer.Sign(world.Now, "service", audience: "payments")), StatusCode.Unauthenticated, "TOKEN_AUDIENCE");
        await RefusedAsync(method, Bearer(world.Issuer.Sign(world.Now, "service", issuer: "https://elsewhere.test")), StatusCode.Unauthenticated, "TOKEN_ISSUER");
    }

    [Theory]
    [MemberData(nameof(Methods))]
    public async Task Each_role_gets_in_where_its_rule_says_and_nowhere_else(string method)
    {
        foreach (var role in AllRoles)
        {
            foreach (var (status, reason) in await CallAsync(method, Bearer(world.TokenOf(role)), request: null))
            {
                if ((RolesOf(method) & role) == Role.None)
                {
                    Assert.Equal((role, StatusCode.PermissionDenied, "ROLE_NOT_ALLOWED"), (role, status, reason));
                }
                else
                {
                    // Let in: what the handler says of an empty request is its own affair.
                    Assert.False(status is StatusCode.Unauthenticated or StatusCode.Unimplemented or StatusCode.Internal or StatusCode.Unknown, $"{role}: {status} {reason}");
                    Assert.NotEqual("ROLE_NOT_ALLOWED", reason);
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(MethodsForDriversOrRiders))]
    public async Task The_right_role_with_somebody_elses_id_gets_nothing(string method)
    {
        Assert.True(Foreign.TryGetValue(method, out var foreign), $"{method} is open to drivers or riders: add a request about somebody else's to this test.");
        foreach (var role in AllRoles.Where(role => role is Role.Driver or Role.Rider && RolesOf(method).HasFlag(role)))
        {
            Assert.All(await CallAsync(method, Bearer(world.TokenOf(role)), foreign.Request(world)), answer => Assert.Equal((foreign.Status, foreign.Reason), answer));
        }
    }

    [Fact]
    public async Task The_tools_that_anybody_may_use_need_no_token()
    {
        var health = await new Grpc.Health.V1.Health.HealthClient(world.Channel).CheckAsync(
            new Grpc.Health.V1.HealthCheckRequest(), cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal(Grpc.Health.V1.HealthCheckResponse.Types.ServingStatus.Serving, health.Status);
    }

    private static Role RolesOf(string method) => AccessRules.TryGetRoles(method, out var roles) ? roles : throw new InvalidOperationException($"{method} has no rule.");

    private static Metadata Bearer(string token) => [new("authorization", $"Bearer {token}")];

    private async Task RefusedAsync(string method, Metadata? headers, StatusCode expected, string reason) =>
        Assert.All(await CallAsync(method, headers, request: null), answer => Assert.Equal((expected, reason), answer));

    // In both ways, or in the one that there is.
    private async Task<(StatusCode Status, string? Reason)[]> CallAsync(string name, Metadata? headers, IMessage? request)
    {
        var method = Contract.Methods.Single(method => Contract.FullName(method) == name);
        var overGrpc = await CallAsync(method, headers, request);
        return JsonCall.RuleOf(method) is null ? [overGrpc] : [overGrpc, await CallJsonAsync(method, headers, request)];
    }

    private async Task<(StatusCode Status, string? Reason)> CallJsonAsync(MethodDescriptor method, Metadata? headers, IMessage? request)
    {
        using var message = JsonCall.Request(method, request);
        foreach (var header in headers ?? [])
        {
            message.Headers.TryAddWithoutValidation(header.Key, header.Value);
        }

        return await JsonCall.SendAsync(world.Web, message, TestContext.Current.CancellationToken);
    }

    private async Task<(StatusCode Status, string? Reason)> CallAsync(MethodDescriptor descriptor, Metadata? headers, IMessage? request)
    {
        var cancel = TestContext.Current.CancellationToken;
        var type = (descriptor.IsClientStreaming, descriptor.IsServerStreaming) switch
        {
            (false, false) => MethodType.Unary,
            (false, true) => MethodType.ServerStreaming,
            (true, false) => MethodType.ClientStreaming,
            (true, true) => MethodType.DuplexStreaming,
        };
        var bytes = Marshallers.Create(message => message, message => message);
        var method = new Method<byte[], byte[]>(type, descriptor.Service.FullName, descriptor.Name, bytes, bytes);
        var invoker = world.Channel.CreateCallInvoker();
        var options = new CallOptions(headers, cancellationToken: cancel);
        var body = request?.ToByteArray() ?? [];
        try
        {
            switch (type)
            {
                case MethodType.Unary:
                    using (var call = invoker.AsyncUnaryCall(method, null, options, body))
                    {
                        await call.ResponseAsync;
                    }

                    break;
                case MethodType.ServerStreaming:
                    using (var call = invoker.AsyncServerStreamingCall(method, null, options, body))
                    {
                        await call.ResponseStream.MoveNext(cancel);
                    }

                    break;
                default:
                    using (var call = invoker.AsyncDuplexStreamingCall(method, null, options))
                    {
                        if (request is not null)
                        {
                            await call.RequestStream.WriteAsync(body, cancel);
                        }

                        await call.RequestStream.CompleteAsync();
                        await call.ResponseStream.MoveNext(cancel);
                    }

                    break;
            }

            return (StatusCode.OK, null);
        }
        catch (RpcException e)
        {
            return (e.StatusCode, e.GetRpcStatus()?.GetDetail<ErrorInfo>()?.Reason);
        }
    }
}
