using RideTracking.Server.Access;

namespace RideTracking.Server.Tests.Access;

public sealed class AccessRulesTests
{
    [Fact]
    public void Every_RPC_of_the_contract_has_a_rule_and_every_rule_an_RPC()
    {
        var ours = AccessRules.Methods.Where(method => method.StartsWith("/ridetracking.", StringComparison.Ordinal));
        Assert.Equal(Contract.Methods.Select(Contract.FullName).Order(), ours.Order());
    }

    [Fact]
    public void Only_tools_and_who_has_a_link_need_no_token() =>
        Assert.All(
            AccessRules.Methods,
            method =>
            {
                Assert.True(AccessRules.TryGetRoles(method, out var roles));
                Assert.Equal(method.StartsWith("/grpc.", StringComparison.Ordinal) || method == "/ridetracking.v1.RiderService/WatchSharedTrip", roles == AccessRules.Anybody);
            });
}
