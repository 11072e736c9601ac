using RideTracking.Server.Log;

namespace RideTracking.Server.Tests.Storage;

/// <summary>Carriers without streams.</summary>
internal static class TestCarriers
{
    public static readonly AckPace Pace = new(64, 64, TimeSpan.FromSeconds(20));

    /// <summary>One that has a claim of its own making.</summary>
    public static Carrier Claimed(string driverId, long epoch, DeviceAttempt attempt = default) => Of(driverId, attempt, Claim(epoch));

    /// <summary>One that opened without the store.</summary>
    public static Carrier Unclaimed(string driverId) => Of(driverId, default, null);

    /// <summary>A claim of its own making.</summary>
    public static ConnectionClaim Claim(long epoch) => new(new DriverClaim(epoch, "w"), 0, null, null, [], []);

    private static Carrier Of(string driverId, DeviceAttempt attempt, ConnectionClaim? claim) =>
        new(new ClaimRequest(driverId, "s", attempt), claim, new SessionLedger(claim, 64, Pace, TimeProvider.System), Task.CompletedTask);
}
