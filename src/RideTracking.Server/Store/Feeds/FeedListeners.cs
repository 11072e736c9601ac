using System.Collections.Frozen;
using RideTracking.Server.Hosting;
using RideTracking.Server.Store.Events;

namespace RideTracking.Server.Store.Feeds;

/// <summary>Applies entries of changes: each change by all who listen for its kind. What fails is told, and keeps nothing else from being applied.</summary>
internal sealed class FeedListeners(IEnumerable<FeedListener> listeners, RecordFormat format, Loop loop)
{
    // Entries that cannot be read are one item of the loop's, as each kind of change is.
    private const string Entries = "the entries";

    private readonly FrozenDictionary<string, FeedListener[]> _ofKind =
        listeners.GroupBy(l => l.Kind, StringComparer.Ordinal).ToFrozenDictionary(kind => kind.Key, kind => kind.ToArray(), StringComparer.Ordinal);

    /// <summary>Applies an entry.</summary>
    public void Apply(EventEntry entry)
    {
        try
        {
            foreach (var change in FeedChange.ReadAll(entry, format))
            {
                foreach (var listener in _ofKind.GetValueOrDefault(change.Kind, []))
                {
                    Apply(change, listener);
                }
            }

            loop.Well(Entries);
        }
        catch (FormatException e)
        {
            loop.Failed(Entries, e);
        }
    }

    // It is not waited with: the next one is applied all the same.
    private void Apply(FeedChange change, FeedListener listener)
    {
        try
        {
            listener.Apply(change);
            loop.Well(change.Kind);
        }
        catch (Exception e)
        {
            loop.Failed(change.Kind, e);
        }
    }
}
