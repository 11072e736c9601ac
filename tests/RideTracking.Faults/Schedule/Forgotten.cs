namespace RideTracking.Faults.Schedule;

/// <summary>A span of time whose writes the store has forgotten, as the rig made it do.</summary>
/// <param name="From">The first that may be forgotten.</param>
/// <param name="Through">When it forgot.</param>
/// <param name="IsUnanswered">Whether nobody was answered for any of it: it was shown at most.</param>
internal sealed record Forgotten(DateTimeOffset From, DateTimeOffset Through, bool IsUnanswered = false)
{
    // What a node knows of the store it tells a moment later: acknowledgements are lazy, and watches have a queue.
    private static readonly TimeSpan Late = TimeSpan.FromSeconds(15);

    // Clocks of processes and of the rig are read one after the other.
    private static readonly TimeSpan Early = TimeSpan.FromSeconds(0.5);

    /// <summary>Whether what was asked for and told then may have been forgotten.</summary>
    public bool MayHave(DateTimeOffset asked, DateTimeOffset told, SufferedFaults suffered) =>
        asked <= Through + Early && told >= From - Early && (told <= Through + Late || suffered.HeldBack(Through + Late, told - Late));
}
