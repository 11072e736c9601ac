namespace RideTracking.Server.Hosting;

/// <summary>A folder held by this process alone: two servers on one would destroy each other's files.</summary>
internal static class FolderLock
{
    // What the system says of a file that another process holds; a file that cannot be written says something else.
    private const int HeldOnLinux = 11;
    private const int HeldOnMac = 35;
    private const int HeldOnWindows = unchecked((int)0x80070020);

    /// <summary>Takes it, until what is returned is disposed of, or the process is gone.</summary>
    /// <exception cref="StartException">Another server has it.</exception>
    public static FileStream Take(string folder)
    {
        try
        {
            return new FileStream(Path.Combine(folder, "lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException e) when (e.HResult is HeldOnLinux or HeldOnMac or HeldOnWindows)
        {
            throw new StartException(
                $"The data folder {folder} is in use by another server. Stop it, or choose another folder with --data.", e);
        }
    }
}
