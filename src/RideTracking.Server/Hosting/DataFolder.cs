namespace RideTracking.Server.Hosting;

/// <summary>What the server cannot start without having done in its data folder.</summary>
internal static class DataFolder
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    /// <summary>Does it, in a folder that is made if it is not there.</summary>
    /// <exception cref="StartException">The folder cannot be used.</exception>
    public static T Use<T>(string folder, Func<T> work)
    {
        try
        {
            Make(folder);
            return work();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StartException(
                $"The data folder {Path.GetFullPath(folder)} cannot be used ({e.Message.TrimEnd('.')}). Let the server write there, or choose another with --data.", e);
        }
    }

    // Where drivers were, and keys, are nobody's but the server's. A folder that was there is left as its owner wants it: a volume may be a group's.
    private static void Make(string folder)
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(folder);
            return;
        }

        if (!Directory.Exists(folder))
        {
            if (Path.GetDirectoryName(Path.GetFullPath(folder)) is { } parent && !Directory.Exists(parent))
            {
                Make(parent);
            }

            Directory.CreateDirectory(folder, OwnerOnly);
        }
    }
}
