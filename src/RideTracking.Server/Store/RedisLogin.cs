using StackExchange.Redis.Configuration;

namespace RideTracking.Server.Store;

/// <summary>
/// The password of a Redis out of a file, which is read again for each connection: where the file is replaced, as secrets are that are mounted
/// into a container, the next connection has the new one. Thread-safe.
/// </summary>
/// <param name="file">Holds the password; line ends after it are none of it.</param>
internal sealed class RedisLogin(string file) : DefaultOptionsProvider
{
    private volatile string? _last;

    /// <summary>The one that is in the file now; the last one while the file cannot be read.</summary>
    public override string? Password
    {
        get
        {
            try
            {
                _last = Read(file);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // It is being replaced; a connection with an old password is refused, and tried again.
            }

            return _last;
        }
    }

    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The file cannot be read.</exception>
    public static string Read(string file) => File.ReadAllText(file).TrimEnd('\r', '\n');
}
