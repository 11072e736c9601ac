namespace RideTracking.Engine.Roads.Osm;

/// <summary>
/// The members of restrictions that are not in the file itself, as where an extract ends. All are missing until they are seen.
/// </summary>
internal sealed class MissingMembers(IReadOnlyCollection<OsmRestriction> restrictions)
{
    private readonly HashSet<long> _ways = [.. restrictions.SelectMany(each => each.From.Concat(each.ViaWays).Concat(each.To))];
    private readonly HashSet<long> _nodes = [.. restrictions.SelectMany(each => each.ViaNodes)];

    public void SeeWay(long id) => _ways.Remove(id);

    public void SeeNode(long id) => _nodes.Remove(id);

    public bool HasWay(long id) => _ways.Contains(id);

    public bool HasNode(long id) => _nodes.Contains(id);
}
