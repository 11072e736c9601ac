namespace RideTracking.Engine.Index;

/// <summary>
/// A lock for writers whose readers take none: a reader notes the version, reads, and reads again if the version has
/// changed. Held for nanoseconds, so waiting means spinning.
/// </summary>
internal struct SeqLock
{
    private int _version; // odd while a writer is inside

    /// <summary>Waits until no other writer is inside, and enters.</summary>
    public void Enter()
    {
        var spin = new SpinWait();
        while (true)
        {
            int version = Volatile.Read(ref _version);
            if ((version & 1) == 0 && Interlocked.CompareExchange(ref _version, version + 1, version) == version)
            {
                return;
            }

            spin.SpinOnce(sleep1Threshold: -1);
        }
    }

    /// <summary>Enters, without a look at other writers: some other lock keeps them out.</summary>
    public void EnterAlone()
    {
        _version++;
        Volatile.WriteBarrier();
    }

    /// <summary>Leaves after a change that readers must not straddle.</summary>
    public void Exit() => Volatile.Write(ref _version, _version + 1);

    /// <summary>Leaves after changing nothing that a reader needs to be whole.</summary>
    public void ExitUnchanged() => Volatile.Write(ref _version, _version - 1);

    /// <summary>Waits until no writer is inside, and tells the version that the following reads belong to.</summary>
    public readonly int ReadVersion()
    {
        int version = Volatile.Read(in _version);
        if ((version & 1) == 0)
        {
            return version;
        }

        var spin = new SpinWait();
        do
        {
            spin.SpinOnce(sleep1Threshold: -1);
            version = Volatile.Read(in _version);
        }
        while ((version & 1) != 0);
        return version;
    }

    /// <summary>True when everything read since <see cref="ReadVersion"/> belongs together.</summary>
    public readonly bool IsStill(int version)
    {
        Volatile.ReadBarrier();
        return ReadVersion() == version;
    }
}
