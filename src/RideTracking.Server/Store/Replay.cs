namespace RideTracking.Server.Store;

/// <summary>
/// Running the embedded store's file again, at a start. Each entry has a number, one more than the one before: an entry is taken
/// only after all before it, so that what is there afterwards is what was there at some moment, whatever the file has lost.
/// Of one thread while it runs.
/// </summary>
internal sealed class Replay
{
    /// <summary>Whether it still runs; the entries made after it are new.</summary>
    public bool IsRunning { get; private set; } = true;

    /// <summary>Whether an entry was not whole, or one before it was missing.</summary>
    public bool HasGap { get; private set; }

    /// <summary>The newest entry that was seen, taken or not.</summary>
    public Applied Newest { get; private set; }

    /// <summary>All of the file was seen.</summary>
    public void End() => IsRunning = false;

    /// <summary>An entry is not what was written.</summary>
    public void Damaged() => HasGap = true;

    /// <summary>Whether the entry is to be written again.</summary>
    /// <param name="last">The number of the entry up to which all is there.</param>
    /// <param name="number">The entry's own.</param>
    /// <param name="now">When it was made (ms).</param>
    public bool Takes(long last, long number, long now)
    {
        if (number > Newest.Number)
        {
            Newest = new Applied(number, now);
        }

        HasGap |= number > last + 1;
        return number == last + 1;
    }
}
