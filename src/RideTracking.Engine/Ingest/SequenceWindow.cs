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

/// <summary>A sequence number and what it stood for, by <see cref="Fix.ContentHash"/>.</summary>
public readonly record struct SequenceContent(ulong Sequence, uint ContentHash);

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
    private int _oldest;
    private int _count;

    /// <summary>A window of a session that is known up to a sequence.</summary>
    /// <param name="resumeAfterSequence">The session goes on after this one; 0 for a new session.</param>
    /// <param name="capacity">How many are remembered: as many as a caller may send again.</param>
    /// <param name="contents">What is known of the last ones up to there, in rising order.</param>
    public SequenceWindow(ulong resumeAfterSequence = 0, int capacity = 64, IReadOnlyList<SequenceContent>? contents = null)
    {
        _sequences = new ulong[capacity];
        _hashes = new uint[capacity];
        foreach (var (sequence, hash) in contents ?? [])
        {
            Append(sequence, hash);
        }

        HighestSequence = resumeAfterSequence;
    }

    /// <summary>How many are remembered.</summary>
    public int Capacity => _sequences.Length;

    /// <summary>Whether the next one makes the oldest forgotten.</summary>
    public bool IsFull => _count == _sequences.Length;

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
            return SequenceNovelty.Reused;
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

    /// <summary>A sequence that was taken for new is one that others have known for something else: it stands for that from now on.</summary>
    /// <param name="sequence">One that was seen.</param>
    /// <param name="contentHash">What it stands for; null when nobody can tell.</param>
    public void Correct(ulong sequence, uint? contentHash)
    {
        for (int age = _count - 1; age >= 0; age--)
        {
            int position = (_oldest + age) % _sequences.Length;
            if (_sequences[position] < sequence)
            {
                return;
            }

            if (_sequences[position] == sequence && contentHash is { } known)
            {
                _hashes[position] = known;
            }
            else if (_sequences[position] == sequence)
            {
                RemoveAt(age);
            }
        }
    }

    /// <summary>Adds what is remembered of the sequences after one and up to another, in rising order.</summary>
    public void CopyTo(List<SequenceContent> contents, ulong after, ulong through)
    {
        var first = contents.Count;
        // From the newest back: few are asked for, of those at the end.
        for (int age = _count - 1; age >= 0; age--)
        {
            int position = (_oldest + age) % _sequences.Length;
            if (_sequences[position] <= after)
            {
                break;
            }

            if (_sequences[position] <= through)
            {
                contents.Add(new SequenceContent(_sequences[position], _hashes[position]));
            }
        }

        contents.Reverse(first, contents.Count - first);
    }

    private void RemoveAt(int age)
    {
        for (_count--; age < _count; age++)
        {
            int position = (_oldest + age) % _sequences.Length;
            int next = (position + 1) % _sequences.Length;
            (_sequences[position], _hashes[position]) = (_sequences[next], _hashes[next]);
        }
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
