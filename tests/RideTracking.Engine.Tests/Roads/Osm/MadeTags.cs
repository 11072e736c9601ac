using RideTracking.Engine.Roads.Osm;

namespace RideTracking.Engine.Tests.Roads.Osm;

/// <summary>Tags of one thing.</summary>
internal static class MadeTags
{
    /// <param name="text">"key=value key=value"; a value with a space in it needs the other way.</param>
    public static OsmTags Of(string text) =>
        Of([.. text.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(each => each.Split('=', 2)).Select(each => (each[0], each[1]))]);

    public static OsmTags Of(params (string Key, string Value)[] pairs)
    {
        var table = new OsmFileWriter.Message();
        var tags = new OsmTags();
        foreach ((string key, string value) in pairs)
        {
            table.Text(1, key).Text(1, value);
        }

        tags.SetStrings(new ProtobufReader(table.ToArray(), 0));
        for (int pair = 0; pair < pairs.Length; pair++)
        {
            tags.Add(2 * pair, 2 * pair + 1);
        }

        return tags;
    }
}
