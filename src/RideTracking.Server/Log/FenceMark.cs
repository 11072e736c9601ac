using System.Globalization;

namespace RideTracking.Server.Log;

/// <summary>What a claim leaves for the writer from whom it takes the driver.</summary>
/// <param name="DriverId">The driver.</param>
/// <param name="Epoch">The claim's.</param>
/// <param name="By">The device that claimed; none when it did not say.</param>
internal readonly record struct FenceMark(string DriverId, long Epoch, DeviceAttempt By)
{
    /// <summary>Reads "&lt;driver&gt; &lt;epoch&gt; &lt;device&gt;".</summary>
    public static FenceMark Parse(string member)
    {
        var parts = member.Split(' ');
        return new FenceMark(parts[0], long.Parse(parts[1], CultureInfo.InvariantCulture), new DeviceAttempt(parts.Length < 3 || parts[2] == DriverClaim.None ? null : parts[2], 0));
    }

    /// <summary>Fences a carrier whose claim came before.</summary>
    public void Fence(Carrier carrier)
    {
        if (carrier.DriverId == DriverId && carrier.LastClaim is { } claim && claim.Epoch < Epoch)
        {
            Carriers.Dismiss(carrier, By);
        }
    }
}
