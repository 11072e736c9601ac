using System.Security.Cryptography;
using RideTracking.Server.Areas;
using RideTracking.Server.Hosting;
using RideTracking.Server.Store;

namespace RideTracking.Server.Nearby;

/// <summary>Reads the area's secret at the start, and again when the store is back, which may have another one then; the first node of all makes it.</summary>
internal sealed class BlurSecretLoading(Area area, BlurSecret secret)
    : LoopService(area.MachineLoop("blur_secret"), EverySecond, looksAtStart: true)
{
    private int? _readAt;

    protected override async Task LookAsync(CancellationToken stopping)
    {
        var restorations = area.StoreRestorations;
        if (_readAt == restorations)
        {
            return;
        }

        var kept = (string)(await StoreScript.SetOnce.RunAsync(
            area.Writes, [area.Keys.BlurSecret], [Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(BlurSecret.Length))]))!;
        secret.Use(Convert.FromHexString(kept));
        _readAt = restorations;
    }
}
