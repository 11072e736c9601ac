namespace RideTracking.Engine.Tests.Roads;

/// <summary>Real data beside the repository; tests skip where it is absent.</summary>
internal static class SharedData
{
    public static string? Find(string path)
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "ride-tracking.sln")))
            {
                string file = Path.Combine(folder.Parent!.FullName, "shared/data", path);
                return File.Exists(file) ? file : null;
            }
        }

        return null;
    }
}
