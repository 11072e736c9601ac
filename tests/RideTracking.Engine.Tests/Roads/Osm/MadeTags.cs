using RideTracking.Engine.Roads.Osm;

namespace RideTracking.Engine.Tests.Roads.Osm;

/// <summary>Tags of one thing, written "key=value key=value".</summary>
internal static class MadeTags
{
    public static OsmTags Of(string text)
    {
        string[] strings = [.. text.Split(' ', StringSplitOptions.RemoveEmptyEntries).SelectMany(each => each.Split('=', 2))];
        var table = new OsmFileWriter.Message();
        foreach (string each in strings)
        {
            table.Text(1, each);
        }

        var tags = new OsmTags();
        tags.SetStrings(new ProtobufReader(table.ToArray(), 0));
        for (int key = 0; key < strings.Length; key += 2)
        {
            tags.Add(key, key + 1);
        }

        return tags;
    }
}
