using StackExchange.Redis;

namespace RideTracking.Server.Store;

/// <summary>
/// The form of what nodes write to a store that they share: entries of feeds and batches of the log name theirs, records go along with them. A
/// node reads every form up to its own newest, and writes the newest that all nodes there are read, as their leases say: so a version and the
/// one before it run side by side. Thread-safe.
/// </summary>
/// <param name="newest">The newest that this program reads and can write; tests raise it.</param>
/// <param name="most">The newest that this node is to write (<see cref="StoreOptions.MaxRecordForm"/>); null for whatever it can.</param>
public sealed class RecordFormat(int newest = RecordFormat.Newest, int? most = null)
{
    /// <summary>It rises with each change that an earlier program could not read; a change of <see cref="StoreGenerations.Format"/> is one that a later could not, either.</summary>
    public const int Newest = 1;

    /// <summary>The first that there was.</summary>
    internal const int Oldest = 1;

    private volatile int _writes = Oldest;
    private volatile string? _refused;
    private volatile string? _unfit;

    /// <summary>The newest that this program reads.</summary>
    public int Reads => newest;

    /// <summary>The newest that may be written as far as this node is concerned.</summary>
    public int Offers => Math.Min(newest, most ?? newest);

    /// <summary>What is written now. Never newer than what any node reads.</summary>
    public int Writes => _writes;

    /// <summary>Why the store is not to be written to; null while it may be.</summary>
    internal string? Refusal => _refused;

    /// <summary>Why the store cannot keep what is written now, as <see cref="StoreCheck"/> found; null while it can.</summary>
    internal string? Unfit
    {
        get => _unfit;
        set => _unfit = value;
    }

    /// <summary>Told once what this program cannot read, by which it must end.</summary>
    internal Action<string> Refused { get; set; } = _ => { };

    /// <summary>What the nodes have agreed on.</summary>
    internal void Agreed(int format) => _writes = format;

    /// <summary>Whether a form can be read. If not, nothing is written any more, and the server ends.</summary>
    internal bool CanRead(int format)
    {
        if (format > newest)
        {
            Refuse($"The nodes that share this store write records of form {format} by now, since all of them read it; this program reads them up to {newest}. Start the version that they run.");
        }

        return format <= newest;
    }

    /// <summary>The store is not to be written to any more.</summary>
    internal void Refuse(string why)
    {
        if (Interlocked.CompareExchange(ref _refused, why, null) is null)
        {
            Refused(why);
        }
    }

    /// <summary>Before each write.</summary>
    /// <exception cref="RefusedStoreException">The store is one that this program must not write to.</exception>
    /// <exception cref="UnfitStoreException">It cannot keep what is written, until somebody mends it.</exception>
    internal void RequireWritable()
    {
        if (_refused is { } why)
        {
            throw new RefusedStoreException(why);
        }

        if (_unfit is { } unfit)
        {
            throw new UnfitStoreException(unfit);
        }
    }
}

/// <summary>The store holds what this program cannot read: it writes nothing to it, and ends.</summary>
public sealed class RefusedStoreException(string message) : RedisException(message);

/// <summary>The store cannot keep what is written to it, so that nothing is, until it is mended or another takes its place.</summary>
public sealed class UnfitStoreException(string message) : RedisException(message);
