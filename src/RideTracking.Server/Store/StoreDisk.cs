namespace RideTracking.Server.Store;

/// <summary>The room that the embedded store has on its disk.</summary>
internal static class StoreDisk
{
    /// <summary>The code of the refusal when there is none.</summary>
    public const string Full = "DISKFULL";

    private const int TrialBytes = 4 << 20;

    /// <summary>What writes are to be answered now; null when there is room for them.</summary>
    /// <param name="folder">A folder on that disk.</param>
    /// <param name="minFreeBytes">What must stay free.</param>
    /// <param name="isFailing">Whether a write has failed: then a few megabytes are written as a trial, since a quota is not seen in what is free.</param>
    public static string? Refusal(string folder, long minFreeBytes, bool isFailing)
    {
        try
        {
            if (new DriveInfo(folder).AvailableFreeSpace < minFreeBytes)
            {
                return $"{Full} the disk of {folder} has less than {minFreeBytes >> 20} MB free (Store:MinFreeDiskMegabytes)";
            }

            if (isFailing)
            {
                Try(Path.Combine(folder, "trial"));
            }

            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return $"{Full} the disk of {folder} cannot be written: {e.Message}";
        }
    }

    private static void Try(string path)
    {
        using var trial = new FileStream(path, new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write, Options = FileOptions.DeleteOnClose });
        trial.Write(new byte[TrialBytes]);
        trial.Flush(flushToDisk: true);
    }
}
