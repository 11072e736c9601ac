namespace RideTracking.Engine.Ingest;

/// <summary>Whether a sequence number was seen before.</summary>
public enum SequenceNovelty : byte
{
    /// <summary>Higher than all before.</summary>
    New,

    /// <summary>Seen with the same content: acknowledge it silently.</summary>
    Resent,

    /// <summary>Seen with other content, or skipped when its turn was, or too long ago to tell: reject it. To trust it would lose it.</summary>
    Reused,
}

/// <summary>
/// The last sequence numbers of one session with a hash of what each stood for. One caller at a time; allocates nothing
/// once it is made.
/// </summary>
/// <remarks>
/// A number that is not among them and not higher either is refused, never acknowledged on trust: a phone that was restored from a
/// backup gives its numbers again, to other fixes.
/// </remarks>
public sealed class SequenceWindow
{
    private readonly ulong[] _sequences;
    private readonly uint[] _hashes;
    private readonly ulong _trustedThrough;
    private int _oldest;
    private int _count;

    /// <summary>A window that has seen nothing, of a session known up to a sequence.</summary>
    /// <param name="resumeAfterSequence">The session goes on after this one; 0 for a new session.</param>
    /// <param name="capacity">How many are remembered: as many as a caller may send again.</param>
    /// <param name="trustsResumed">
    /// Whether what was before the resume point counts as sent again: for callers who are not told that point and cannot help it.
    /// </param>
    public SequenceWindow(ulong resumeAfterSequence = 0, int capacity = 64, bool trustsResumed = false)
    {
        _sequences = new ulong[capacity];
        _hashes = new uint[capacity];
        _trustedThrough = trustsResumed ? resumeAfterSequence : 0;
        HighestSequence = resumeAfterSequence;
    }

    /// <summary>The highest sequence seen or resumed after; 0 before the first.</summary>
    public ulong HighestSequence { get; private set; }

    /// <summary>Classifies a fix, and remembers it when it is new.</summary>
    /// <param name="sequence">From 1.</param>
    /// <param name="contentHash"><see cref="Fix.ContentHash"/>.</param>
    public SequenceNovelty Observe(ulong sequence, uint contentHash)
    {
        if (sequence > HighestSequence)
        {
            Append(sequence, contentHash);
            return SequenceNovelty.New;
        }

        if (sequence == 0)
        {
            return SequenceNovelty.Reused;
        }

        if (_count == 0 || sequence < _sequences[_oldest])
        {
            return sequence <= _trustedThrough ? SequenceNovelty.Resent : SequenceNovelty.Reused;
        }

        // Sequences rise, so the ring is sorted; a resend is usually near its end.
        for (int age = _count - 1; age >= 0; age--)
        {
            int position = (_oldest + age) % _sequences.Length;
            if (_sequences[position] <= sequence)
            {
                return _sequences[position] == sequence && _hashes[position] == contentHash
                    ? SequenceNovelty.Resent
                    : SequenceNovelty.Reused;
            }
        }

        return SequenceNovelty.Reused;
    }

    /// <summary>Forgets everything after a sequence, so that the app may send from there again.</summary>
    public void ForgetAfter(ulong sequence)
    {
        if (sequence >= HighestSequence)
        {
            return;
        }

        while (_count > 0 && _sequences[(_oldest + _count - 1) % _sequences.Length] > sequence)
        {
            _count--;
        }

        HighestSequence = sequence;
    }

    private void Append(ulong sequence, uint contentHash)
    {
        int position = (_oldest + _count) % _sequences.Length;
        _sequences[position] = sequence;
        _hashes[position] = contentHash;
        HighestSequence = sequence;
        if (_count == _sequences.Length)
        {
            _oldest = (_oldest + 1) % _sequences.Length;
        }
        else
        {
            _count++;
        }
    }
}
