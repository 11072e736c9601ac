using System.Security.Cryptography;
using System.Text;

namespace RideTracking.Engine.Roads.Graph;

/// <summary>Which file a graph was made of, which part of it, and for whom.</summary>
/// <param name="Length">Bytes of the file.</param>
/// <param name="Sha256">Hash of its bytes and of what it is cut to, in hexadecimal.</param>
/// <param name="User">Who drives there.</param>
public readonly record struct RoadSource(long Length, string Sha256, RoadUser User = RoadUser.Car)
{
    /// <summary>Reads a stream from where it is to its end, and puts it back there.</summary>
    /// <param name="file">Readable and seekable.</param>
    /// <param name="user">Who drives there.</param>
    /// <param name="cutTo">The text of the area that the file is cut to; empty for all of it.</param>
    public static RoadSource Of(Stream file, RoadUser user = RoadUser.Car, string cutTo = "")
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        long start = file.Position;
        byte[] buffer = new byte[1 << 20];
        for (int read; (read = file.Read(buffer)) > 0;)
        {
            hash.AppendData(buffer, 0, read);
        }

        hash.AppendData(Encoding.UTF8.GetBytes(cutTo));
        long length = file.Position - start;
        file.Position = start;
        return new RoadSource(length, Convert.ToHexString(hash.GetHashAndReset()), user);
    }
}
