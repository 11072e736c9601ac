using System.Security.Cryptography;

namespace RideTracking.Server.Nearby;

/// <summary>
/// What nobody outside may know, else a shown id would tell the car. The area's, the same on all nodes and for good: whoever asks several of
/// them, or after a restart, sees the same blurred places and learns nothing by averaging. Thread-safe.
/// </summary>
internal sealed class BlurSecret
{
    /// <summary>The bytes that it is made of.</summary>
    public const int Length = 64;

    private volatile byte[] _secret = RandomNumberGenerator.GetBytes(Length);

    /// <summary>Key of the shown places.</summary>
    public ReadOnlySpan<byte> ForPlaces => _secret.AsSpan(0, Length / 2);

    /// <summary>Key of the shown ids: never that of the places, so that no id can be chosen that tells a place.</summary>
    public ReadOnlySpan<byte> ForIds => _secret.AsSpan(Length / 2);

    /// <summary>Takes the area's; until then this node has one of its own.</summary>
    public void Use(byte[] secret) => _secret = secret;
}
