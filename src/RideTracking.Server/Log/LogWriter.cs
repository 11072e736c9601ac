using System.Collections.Concurrent;

namespace RideTracking.Server.Log;

/// <summary>Names one run of one node as a writer of the log; a restarted node is another writer, and so is one whom the store has forgotten. Thread-safe.</summary>
public sealed class LogWriter
{
    // A name is renewed when the store has forgotten it or a lease was lost; what was written under an older one comes back within moments.
    private const int Remembered = 16;

    private readonly ConcurrentQueue<string> _former = new();
    private readonly Func<string> _newId;
    private volatile string _id;
    private volatile bool _hasListeners;

    /// <summary>With names of chance.</summary>
    public LogWriter()
        : this(() => Guid.NewGuid().ToString("N"))
    {
    }

    /// <summary>For the simulation, whose runs have the same names each time. Never gives one twice.</summary>
    internal LogWriter(Func<string> newId) => (_newId, _id) = (newId, newId());

    /// <summary>Its name.</summary>
    public string Id => _id;

    /// <summary>Whether other nodes are there, to be told at once of what is logged. A node that has just come reads it for a second.</summary>
    internal bool HasListeners
    {
        get => _hasListeners;
        set => _hasListeners = value;
    }

    /// <summary>The store has forgotten it: what it wrote is no proof of what the store has.</summary>
    internal void Renew()
    {
        _former.Enqueue(_id);
        _id = _newId();
        if (_former.Count > Remembered)
        {
            _former.TryDequeue(out _);
        }
    }

    /// <summary>Whether a name is, or was, this node's.</summary>
    internal bool IsOwn(string id) => id == _id || _former.Contains(id);
}
