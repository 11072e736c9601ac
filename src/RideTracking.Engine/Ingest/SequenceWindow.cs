using System.Runtime.CompilerServices;

namespace RideTracking.Engine.Ingest;

/// <summary>Whether a sequence number was seen before.</summary>
public enum SequenceNovelty : byte
{
    /// <summary>Higher than all before.</summary>
    New,

    /// <summary>Seen with the same content, or so old that it is taken on trust: acknowledge it silently.</summary>
    Resent,

    /// <summary>Seen with other content, or skipped when its turn was: reject it.</summary>
    Reused,
}

/// <summary>
/// The last 64 sequence numbers of one session with a hash of what each stood for. Held inline (about 800 bytes),
/// allocates nothing; one caller at a time.
/// </summary>
public struct SequenceWindow
{
    private const int Capacity = 64;

    private Sequences _sequences;
    private Hashes _hashes;
    private int _oldest;
    private int _count;

    /// <summary>A window that has seen nothing, of a session known up to a sequence.</summary>
    /// <param name="resumeAfterSequence">Everything up to this one is a resend; 0 for a new session.</param>
    public SequenceWindow(ulong resumeAfterSequence) => HighestSequence = resumeAfterSequence;

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
            return SequenceNovelty.Resent;
        }

        // Sequences rise, so the ring is sorted; a resend is usually near its end.
        for (int age = _count - 1; age >= 0; age--)
        {
            int position = (_oldest + age) % Capacity;
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

        while (_count > 0 && _sequences[(_oldest + _count - 1) % Capacity] > sequence)
        {
            _count--;
        }

        HighestSequence = sequence;
    }

    private void Append(ulong sequence, uint contentHash)
    {
        int position = (_oldest + _count) % Capacity;
        _sequences[position] = sequence;
        _hashes[position] = contentHash;
        HighestSequence = sequence;
        if (_count == Capacity)
        {
            _oldest = (_oldest + 1) % Capacity;
        }
        else
        {
            _count++;
        }
    }

    [InlineArray(Capacity)]
    private struct Sequences
    {
        private ulong _first;
    }

    [InlineArray(Capacity)]
    private struct Hashes
    {
        private uint _first;
    }
}
