namespace RideTracking.Simulation.Time;

/// <summary>
/// The one queue of all that happens, on one thread: by time, and at the same time in the order in which it was put in. So a
/// run depends on its seed alone.
/// </summary>
internal sealed class EventQueue(DateTimeOffset start)
{
    private readonly PriorityQueue<(Life Life, Action Happens), (long Ticks, long Number)> _waiting = new();
    private readonly Thread _thread = Thread.CurrentThread;
    private long _number;

    /// <summary>The time of what happens now.</summary>
    public DateTimeOffset Now { get; private set; } = start;

    /// <summary>Looks at what the last one left behind.</summary>
    public Action AfterEach { get; set; } = () => { };

    /// <summary>Puts something in; it does not happen once the life is over, and waits while the life is frozen.</summary>
    public void At(DateTimeOffset time, Life life, Action happens)
    {
        RequireThread();
        _waiting.Enqueue((life, happens), (Math.Max(time.UtcTicks, Now.UtcTicks), _number++));
    }

    /// <inheritdoc cref="At"/>
    public void After(TimeSpan delay, Life life, Action happens) => At(Now + delay, life, happens);

    /// <summary>Lets everything happen up to a time.</summary>
    public void RunUntil(DateTimeOffset end)
    {
        while (_waiting.TryPeek(out var next, out var at) && at.Ticks <= end.UtcTicks)
        {
            _waiting.Dequeue();
            Now = new DateTimeOffset(at.Ticks, TimeSpan.Zero);
            if (next.Life.FrozenUntil > Now)
            {
                // Its own number: what waited for a frozen life comes in the order in which it was put in.
                _waiting.Enqueue(next, (next.Life.FrozenUntil.UtcTicks, at.Number));
            }
            else if (!next.Life.IsOver)
            {
                next.Happens();
                AfterEach();
            }
        }

        Now = end;
    }

    /// <summary>Nothing of the simulation may run on another thread: it would come when the machine likes.</summary>
    /// <exception cref="InvalidOperationException">It does.</exception>
    public void RequireThread()
    {
        if (Thread.CurrentThread != _thread)
        {
            throw new InvalidOperationException("The simulation has left its thread: something in it continues on the thread pool.");
        }
    }
}

/// <summary>Whose events they are: a run of a node, a phone's connection, the city.</summary>
internal sealed class Life
{
    /// <summary>Nothing of it happens any more.</summary>
    public bool IsOver { get; private set; }

    /// <summary>Nothing of it happens before.</summary>
    public DateTimeOffset FrozenUntil { get; set; } = DateTimeOffset.MinValue;

    public void End() => IsOver = true;
}
