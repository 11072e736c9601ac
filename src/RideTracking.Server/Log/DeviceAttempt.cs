using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace RideTracking.Server.Log;

/// <summary>Which of its device's attempts to connect a claim is, so that one that was long on its way is known as such.</summary>
/// <param name="Device">The device, by a digest of its name; null when it is not told, or counts no attempts.</param>
/// <param name="Number">Rises with each attempt of the device; from 1.</param>
public readonly record struct DeviceAttempt(string? Device, ulong Number)
{
    /// <summary>The greatest number: beyond it scripts cannot tell numbers apart.</summary>
    public const ulong MaxNumber = 1UL << 53;

    private const int DigestBytes = 8;

    /// <summary>What a phone says of itself.</summary>
    public static DeviceAttempt Of(string deviceId, ulong number) => deviceId.Length == 0 || number == 0
        ? default
        : new DeviceAttempt(Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(deviceId)).AsSpan(0, DigestBytes)), number);

    internal string DeviceArgument => Device ?? "-";

    internal string NumberArgument => Number.ToString(CultureInfo.InvariantCulture);
}
