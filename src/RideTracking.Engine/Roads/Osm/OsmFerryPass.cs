namespace RideTracking.Engine.Roads.Osm;

/// <summary>A further reading of a file, where it has ferries by relation: for their ways that are no roads by their own tags.</summary>
/// <param name="ways">The first reading.</param>
/// <param name="part">The part of the file that is wanted; null for all of it.</param>
internal sealed class OsmFerryPass(OsmWayPass ways, OsmCutPass? part) : OsmVisitor
{
    private readonly HashSet<long> _known = [.. ways.Roads.Select(road => road.Id)];

    public override bool WantsNodes => false;

    /// <summary>Whether there is anything to be read.</summary>
    public bool IsNeeded => !ways.Ferries.AreWithin(_known);

    public override void Way(long id, OsmTags tags, ReadOnlySpan<long> nodes)
    {
        if (ways.Ferries.Of(id) is not { } route || _known.Contains(id) || part?.Holds(nodes) == false)
        {
            return;
        }

        // The pier is a member too.
        if (tags["highway"] is null && tags["man_made"] is null && tags["public_transport"] is null && tags["building"] is null)
        {
            tags.Inherit(route.Tags);
            ways.TryAdd(id, tags, nodes);
        }
    }
}
