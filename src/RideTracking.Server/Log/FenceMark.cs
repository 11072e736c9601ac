using System.Globalization;

namespace RideTracking.Server.Log;

/// <summary>What a claim leaves for the writer from whom it takes the driver.</summary>
/// <param name="DriverId">The driver.</param>
/// <param name="Claim">The claim, by the writer that takes the driver.</param>
/// <param name="By">The device that claimed; none when it did not say.</param>
internal readonly record struct FenceMark(string DriverId, DriverClaim Claim, DeviceAttempt By)
{
    /// <summary>Reads "&lt;driver&gt; &lt;epoch&gt; &lt;device&gt; &lt;writer&gt;".</summary>
    public static FenceMark Parse(string member)
    {
        var parts = member.Split(' ');
        return Of(parts[0], long.Parse(parts[1], CultureInfo.InvariantCulture), parts[2], parts[3]);
    }

    /// <summary>What a claim says of itself.</summary>
    /// <param name="driverId">The driver.</param>
    /// <param name="epoch">The claim's epoch.</param>
    /// <param name="device">As scripts say it: <see cref="DriverClaim.None"/> for none.</param>
    /// <param name="writer">Whose claim it is.</param>
    public static FenceMark Of(string driverId, long epoch, string device, string writer) =>
        new(driverId, new DriverClaim(epoch, writer), new DeviceAttempt(device == DriverClaim.None ? null : device, 0));
}
