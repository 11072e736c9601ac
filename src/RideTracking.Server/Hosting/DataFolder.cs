namespace RideTracking.Server.Hosting;

/// <summary>What the server cannot start without having done in its data folder.</summary>
internal static class DataFolder
{
    /// <summary>Does it, in a folder that is made if it is not there.</summary>
    /// <exception cref="StartException">The folder cannot be used.</exception>
    public static T Use<T>(string folder, Func<T> work)
    {
        try
        {
            Directory.CreateDirectory(folder);
            return work();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StartException(
                $"The data folder {Path.GetFullPath(folder)} cannot be used ({e.Message.TrimEnd('.')}). Let the server write there, or choose another with --data.", e);
        }
    }
}
