using System.Security.Cryptography;

namespace RideTracking.Engine.Roads.Graph;

/// <summary>Which file a graph was made of, and for whom.</summary>
/// <param name="Length">Bytes of the file.</param>
/// <param name="Sha256">Hash of its bytes, in hexadecimal.</param>
/// <param name="User">Who drives there.</param>
public readonly record struct RoadSource(long Length, string Sha256, RoadUser User = RoadUser.Car)
{
    /// <summary>Reads a stream from where it is to its end, and puts it back there.</summary>
    public static RoadSource Of(Stream file, RoadUser user = RoadUser.Car)
    {
        long start = file.Position;
        string hash = Convert.ToHexString(SHA256.HashData(file));
        long length = file.Position - start;
        file.Position = start;
        return new RoadSource(length, hash, user);
    }
}
