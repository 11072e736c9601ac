using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace RideTracking.Engine.Roads.Routing.Hierarchy;

/// <summary>
/// One side of a search: from some ranks up the elimination tree to the roots, in the order of the ranks, with the
/// least time to each rank on the way. Going up only, there is no queue: the way is known. Not thread-safe.
/// </summary>
internal sealed class Climb
{
    /// <summary>What <see cref="Rank"/> is past the roots.</summary>
    public const int Over = int.MaxValue;

    private readonly int[] _parents;
    private readonly UpwardArcs _arcs;
    private readonly int[] _milliseconds; // of each rank; infinite between searches
    private readonly int[] _before; // the rank from which it was reached, or -1 - the number of the seed
    private readonly List<(int Rank, int Tag)> _seeds = [];
    private readonly List<int> _climbers = []; // where the ways up from the seeds have got, each once

    public Climb(RoadHierarchy hierarchy, UpwardArcs arcs)
    {
        _parents = hierarchy.Tree.Parents;
        _arcs = arcs;
        _milliseconds = new int[_parents.Length];
        _before = new int[_parents.Length];
        Array.Fill(_milliseconds, EdgeTime.Infinite);
    }

    /// <summary>The lowest rank not passed yet, or <see cref="Over"/>.</summary>
    public int Rank { get; private set; } = Over;

    /// <summary>What is known of <see cref="Rank"/>: final, as all that leads there is below.</summary>
    public int Milliseconds => _milliseconds[Rank];

    public int MillisecondsTo(int rank) => _milliseconds[rank];

    /// <summary>Adds a start; before the first <see cref="Pass"/>.</summary>
    public void Seed(int rank, int milliseconds, int tag)
    {
        Join(rank, _climbers.Count);
        if (milliseconds < _milliseconds[rank])
        {
            _milliseconds[rank] = milliseconds;
            _before[rank] = -1 - _seeds.Count;
        }

        _seeds.Add((rank, tag));
        Rank = Math.Min(Rank, rank);
    }

    /// <summary>Takes all arcs up from <see cref="Rank"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Relax(int[] times)
    {
        int first = _arcs.First[Rank], count = _arcs.First[Rank + 1] - first;
        int here = _milliseconds[Rank];
        ReadOnlySpan<int> ends = _arcs.Ends.AsSpan(first, count);
        ReadOnlySpan<int> on = times.AsSpan(first, count);
        ref int reached = ref MemoryMarshal.GetArrayDataReference(_milliseconds);
        for (int i = 0; i < ends.Length; i++)
        {
            // Ends are ranks of this hierarchy, and the array has one for each: no need to check again.
            ref int known = ref Unsafe.Add(ref reached, ends[i]);
            known = Math.Min(known, here + on[i]);
        }
    }

    /// <summary>The same, and remembers from where each end was reached.</summary>
    public void RelaxAndRemember(int[] times)
    {
        int here = _milliseconds[Rank];
        for (int arc = _arcs.First[Rank]; arc < _arcs.First[Rank + 1]; arc++)
        {
            int end = _arcs.Ends[arc];
            if (here + times[arc] < _milliseconds[end])
            {
                _milliseconds[end] = here + times[arc];
                _before[end] = Rank;
            }
        }
    }

    /// <summary>Goes on to the next rank.</summary>
    public void Pass()
    {
        if (_climbers.Count == 1)
        {
            int parent = _parents[Rank];
            _climbers[0] = Rank = parent < 0 ? Over : parent;
            return;
        }

        int passed = Rank, kept = 0;
        Rank = Over;
        for (int i = 0; i < _climbers.Count; i++)
        {
            int at = _climbers[i] == passed ? _parents[passed] : _climbers[i];
            if (at >= 0)
            {
                kept += Join(at, kept) ? 1 : 0;
                Rank = Math.Min(Rank, at);
            }
        }

        _climbers.RemoveRange(kept, _climbers.Count - kept);
    }

    /// <summary>The ranks from the seed to one that was reached, the last first; and the tag of that seed.</summary>
    public int TraceBack(int rank, List<int> ranks)
    {
        for (; _before[rank] >= 0; rank = _before[rank])
        {
            ranks.Add(rank);
        }

        ranks.Add(rank);
        return _seeds[-1 - _before[rank]].Tag;
    }

    /// <summary>Forgets the search.</summary>
    public void Clear()
    {
        foreach ((int rank, _) in _seeds)
        {
            for (int at = rank; at >= 0; at = _parents[at])
            {
                _milliseconds[at] = EdgeTime.Infinite;
            }
        }

        _seeds.Clear();
        _climbers.Clear();
        Rank = Over;
    }

    /// <summary>Puts a climber at a place of the list, unless one of those before is there already.</summary>
    private bool Join(int rank, int place)
    {
        for (int i = 0; i < place; i++)
        {
            if (_climbers[i] == rank)
            {
                return false;
            }
        }

        if (place == _climbers.Count)
        {
            _climbers.Add(rank);
        }
        else
        {
            _climbers[place] = rank;
        }

        return true;
    }
}
