using System.Globalization;
using RideTracking.Server.Areas;
using RideTracking.Server.Store.Feeds;
using StackExchange.Redis;

namespace RideTracking.Server.Log;

/// <summary>
/// Which drivers hold streams to other nodes, as the area's feed tells it; and what a claim of another node's means here: a carrier
/// of an older one is lost at once. Who is connected here is known here. Thread-safe.
/// </summary>
internal sealed class DriverLinks(Area area, LogWriter writer, Carriers carriers)
{
    private readonly Lock _lock = new();

    // Bounded by the connected drivers.
    private readonly Dictionary<string, DriverClaim> _connected = new(StringComparer.Ordinal);
    private List<FeedChange>? _sinceReload;

    /// <summary>Called with a driver who has connected elsewhere, or is connected there no more; on any thread, outside of any lock.</summary>
    internal Action<string> Changed { get; set; } = _ => { };

    /// <summary>This node's lease was ended by another node. Returns at once.</summary>
    internal Action EndedHere { get; set; } = () => { };

    /// <summary>Whether the driver holds a stream to another node.</summary>
    public bool IsConnected(string driverId)
    {
        lock (_lock)
        {
            return _connected.ContainsKey(driverId);
        }
    }

    /// <summary>Takes in what any node has committed of claims, streams that ended, and nodes that ended.</summary>
    internal void Apply(FeedChange change)
    {
        List<string> changed = [];
        lock (_lock)
        {
            _sinceReload?.Add(change);
            Take(change, changed);
        }

        if (change.Kind == "claimed" && !writer.IsOwn(Writer(change)))
        {
            carriers.Fence(FenceMark.Of(change.Text(0), Epoch(change), change.Text(3), Writer(change)));
        }
        else if (change.Kind == "ended" && change.Text(0) == writer.Id)
        {
            EndedHere();
        }

        changed.ForEach(Changed);
    }

    /// <summary>Reads from the store who is connected to which node.</summary>
    /// <exception cref="RedisException">The store is away.</exception>
    internal async Task LoadAsync()
    {
        lock (_lock)
        {
            _sinceReload = [];
        }

        var connected = new Dictionary<string, DriverClaim>(StringComparer.Ordinal);
        foreach (var node in await area.Bulk.HashGetAllAsync(area.Keys.Nodes))
        {
            // Fields of other names are none of a node's.
            if ((string)node.Name! is var id && !id.StartsWith('#') && !writer.IsOwn(id))
            {
                await foreach (var link in area.Bulk.HashScanAsync(area.Keys.Links(id), pageSize: 1000))
                {
                    var claim = new DriverClaim((long)link.Value, id);
                    if (connected.GetValueOrDefault(link.Name!) is not { } other || other.Epoch < claim.Epoch)
                    {
                        connected[link.Name!] = claim;
                    }
                }
            }
        }

        HashSet<string> changed;
        lock (_lock)
        {
            changed = [.. _connected.Keys, .. connected.Keys];
            _connected.Clear();
            foreach (var (driverId, claim) in connected)
            {
                _connected.Add(driverId, claim);
            }

            foreach (var change in _sinceReload ?? [])
            {
                Take(change, []);
            }

            _sinceReload = null;
        }

        foreach (var driverId in changed)
        {
            Changed(driverId);
        }
    }

    private void Take(FeedChange change, List<string> changed)
    {
        switch (change.Kind)
        {
            case "claimed":
                var claim = new DriverClaim(Epoch(change), Writer(change));
                if (_connected.GetValueOrDefault(change.Text(0)) is { } known && known.Epoch > claim.Epoch)
                {
                    return;
                }

                var isElsewhere = !writer.IsOwn(claim.Writer) && change.Text(4) == "1";
                if (isElsewhere)
                {
                    _connected[change.Text(0)] = claim;
                }

                if (isElsewhere || _connected.Remove(change.Text(0)))
                {
                    changed.Add(change.Text(0));
                }

                break;
            case "lost":
                if (_connected.GetValueOrDefault(change.Text(0)) == new DriverClaim(Epoch(change), Writer(change)))
                {
                    _connected.Remove(change.Text(0));
                    changed.Add(change.Text(0));
                }

                break;
            default:
                foreach (var (driverId, _) in _connected.Where(c => c.Value.Writer == change.Text(0)).ToList())
                {
                    _connected.Remove(driverId);
                    changed.Add(driverId);
                }

                break;
        }
    }

    // Driver, epoch, writer: of a claim and of a stream that has ended.
    private static long Epoch(FeedChange change) => long.Parse(change.Text(1), CultureInfo.InvariantCulture);

    private static string Writer(FeedChange change) => change.Text(2);
}
