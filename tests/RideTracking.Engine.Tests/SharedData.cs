using RideTracking.Engine.Roads.Osm;

namespace RideTracking.Engine.Tests;

/// <summary>Real data beside the repository; tests skip where it is absent.</summary>
internal static class SharedData
{
    private static readonly Lazy<RoadImport?> ImportedPorto = new(() => Find("porto/porto_portugal.osm.pbf") is { } path ? Import(path) : null);

    /// <summary>The streets of greater Porto, imported once for all tests; null where the extract is absent.</summary>
    public static RoadImport? Porto => ImportedPorto.Value;

    /// <summary>A file of it; null where it is absent.</summary>
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

    public static RoadImport Import(string path)
    {
        using FileStream file = File.OpenRead(path);
        return OsmImporter.Import(file);
    }
}
