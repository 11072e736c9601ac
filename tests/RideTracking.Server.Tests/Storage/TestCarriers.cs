using RideTracking.Server.Log;

namespace RideTracking.Server.Tests.Storage;

/// <summary>Carriers without streams.</summary>
internal static class TestCarriers
{
    public static readonly AckPace Pace = new(64, 64, TimeSpan.FromSeconds(20));

    /// <summary>One that has a claim of its own making.</summary>
    public static Carrier Claimed(string driverId, long epoch, DeviceAttempt attempt = default)
    {
        var claim = new ConnectionClaim(new DriverClaim(epoch, "w"), 0, null, null, [], []);
        return new Carrier(new ClaimRequest(driverId, "s", attempt), claim, new SessionLedger(claim, 64, Pace, TimeProvider.System), Task.CompletedTask);
    }
}
