using RideTracking.Engine.Geo;
using RideTracking.Engine.Zones;

namespace RideTracking.Server.Roads;

/// <summary>The area that an extract is cut to: GeoJSON, as zones are drawn.</summary>
/// <param name="Text">The file's text; empty where nothing is cut.</param>
/// <param name="Area">Null where nothing is cut.</param>
internal sealed record RoadCut(string Text, IGeoArea? Area)
{
    // Of a whole country's coast, too.
    private static readonly ZoneLimits Limits = new() { MaxPoints = 1_000_000, MaxAreaSquareMeters = 5.2e14, MaxCrossings = 10_000 };

    /// <param name="path">Empty for none.</param>
    /// <exception cref="IOException">It cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be read.</exception>
    /// <exception cref="ZoneGeometryException">It is no area.</exception>
    public static RoadCut Read(string path)
    {
        if (path.Length == 0)
        {
            return new RoadCut("", null);
        }

        var text = File.ReadAllText(path);
        return new RoadCut(text, new GeoPolygon(ZoneGeometry.Parse(text, Limits).Area));
    }

    /// <summary>What is wrong with a file and how to mend it; null when it can be read.</summary>
    public static string? FaultOf(string path)
    {
        try
        {
            Read(path);
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return $"it cannot be read ({e.Message.TrimEnd('.')}). Name a file with a polygon as GeoJSON.";
        }
        catch (ZoneGeometryException e)
        {
            return $"it is no area: {e.Message} Draw a polygon around the region that is served, and export it as GeoJSON.";
        }
    }
}
