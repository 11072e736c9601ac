using System.Security.Cryptography;

namespace RideTracking.Server.Nearby;

/// <summary>What nobody outside may know, else a shown id would tell the car. Never the same for both uses, so that no id can be chosen that tells a place.</summary>
/// <param name="ForPlaces">Key of the shown places.</param>
/// <param name="ForIds">Key of the shown ids.</param>
internal sealed record BlurSecret(byte[] ForPlaces, byte[] ForIds)
{
    /// <summary>A new one, for as long as the process lives.</summary>
    public static BlurSecret New() => new(RandomNumberGenerator.GetBytes(32), RandomNumberGenerator.GetBytes(32));
}
