using RideTracking.Engine.Roads.Graph;
using RideTracking.Engine.Roads.Osm;

namespace RideTracking.Engine.Tests.Roads.Routing;

/// <summary>The streets of greater Porto, imported once for all tests.</summary>
internal static class PortoRoads
{
    private static readonly Lazy<RoadGraph?> Imported = new(Import);

    /// <summary>Null where the extract is not beside the repository.</summary>
    public static RoadGraph? Graph => Imported.Value;

    private static RoadGraph? Import()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "ride-tracking.sln")))
            {
                string path = Path.Combine(folder.Parent!.FullName, "shared/data/porto/porto_portugal.osm.pbf");
                if (!File.Exists(path))
                {
                    return null;
                }

                using FileStream file = File.OpenRead(path);
                return OsmImporter.Import(file).Graph;
            }
        }

        return null;
    }
}
