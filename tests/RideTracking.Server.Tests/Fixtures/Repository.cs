namespace RideTracking.Server.Tests.Fixtures;

/// <summary>Finds files of the repository that the tests were built from.</summary>
public static class Repository
{
    public static string PathOf(string file)
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "ride-tracking.sln")))
            {
                return Path.Combine(folder.FullName, file);
            }
        }

        throw new InvalidOperationException("The tests run outside the repository.");
    }

    /// <summary>A file of real data beside the repository; null where there is none.</summary>
    public static string? Shared(string file)
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (Path.Combine(folder.FullName, "shared", file) is var path && File.Exists(path))
            {
                return path;
            }
        }

        return null;
    }
}
