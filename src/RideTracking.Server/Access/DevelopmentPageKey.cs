using System.Security.Cryptography;
using System.Text;
using RideTracking.Server.Hosting;

namespace RideTracking.Server.Access;

/// <summary>What a page on this machine must know to be given a token: a secret in the data folder, made at first use.</summary>
internal sealed class DevelopmentPageKey
{
    /// <summary>Its file in the data folder.</summary>
    public const string FileName = "dev-page.key";

    private const int Bytes = 16;

    private readonly byte[] _key;

    private DevelopmentPageKey(string key) => (Text, _key) = (key, Encoding.ASCII.GetBytes(key));

    /// <summary>As it stands in the page's address.</summary>
    public string Text { get; }

    /// <summary>Reads it, or makes it with mode 0600. Two processes that start at once end with the same one.</summary>
    /// <exception cref="StartException">It can be neither read nor made.</exception>
    public static DevelopmentPageKey Open(string folder) => DataFolder.Use(folder, () =>
    {
        var path = Path.Combine(folder, FileName);
        using (MachineLock.Take(path))
        {
            if (!File.Exists(path))
            {
                SecretFile.Write(path, RandomNumberGenerator.GetHexString(2 * Bytes, lowercase: true));
            }
        }

        return new DevelopmentPageKey(File.ReadAllText(path));
    });

    /// <summary>Whether somebody knows it.</summary>
    public bool Is(string key) => CryptographicOperations.FixedTimeEquals(_key, Encoding.UTF8.GetBytes(key));
}
