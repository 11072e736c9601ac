using RideTracking.Simulation.Checking;
using RideTracking.Simulation.Nodes;
using RideTracking.Simulation.Store;

namespace RideTracking.Simulation;

/// <summary>What goes wrong in a city, with nodes and with the store.</summary>
internal sealed class Faults(City city, Cluster cluster)
{
    // What went wrong may have been given up on, or waited for, for so long.
    private static readonly TimeSpan Aftermath = TimeSpan.FromSeconds(30);

    // Nodes look at the store's time every few seconds.
    private static readonly TimeSpan TimeCorrection = TimeSpan.FromSeconds(9);

    private DateTimeOffset _troubledUntil = city.Conditions.Trouble == StoreTrouble.None ? DateTimeOffset.MinValue : DateTimeOffset.MaxValue;
    private bool _isFailingOver;

    /// <summary>Until then nothing else may go wrong.</summary>
    public DateTimeOffset UndisturbedUntil { get; private set; } = DateTimeOffset.MinValue;

    /// <summary>Whether nothing has been wrong for a while: with the store, and with a node.</summary>
    public bool IsCalm(NodeRun run) => !city.Store.IsAway && _troubledUntil <= city.Queue.Now && run.IsWellFor(Aftermath);

    /// <summary>From now on things go wrong, while it is day.</summary>
    public void Begin()
    {
        Wrong(city.Conditions.NodeDeaths, KillNode);
        Wrong(city.Conditions.NodeFreezes, () => FreezeNode(city.Chance.Of(0.5) ? city.Chance.Seconds(1, 8) : city.Chance.Seconds(8, 100)));
        Wrong(city.Conditions.SubscriptionCuts, () => CutSubscription(city.Chance.Seconds(2, 60)));
        Wrong(city.Conditions.ClockSteps, ReplaceStore);
        Wrong(city.Conditions.Forgettings, () => FailOver(city.Chance.Seconds(0.05, 3), isNoticed: city.Chance.Of(0.5)));
        Wrong(city.Conditions.StoreOutages, () => LoseStore(city.Chance.Seconds(1, 60)));
        Wrong(city.Conditions.StoreStalls, () =>
        {
            city.Store.StalledUntil = city.Queue.Now + city.Chance.Seconds(1, 20);
            Trouble(city.Store.StalledUntil);
            Note($"the store stalls until {city.Store.StalledUntil:HH:mm:ss.fff}");
        });
    }

    /// <summary>Something that happens now and then, while it is day.</summary>
    public void Wrong(TimeSpan mean, Action happens) => city.Every(() => city.Chance.Exponential(mean), () =>
    {
        if (city.IsDay && UndisturbedUntil <= city.Queue.Now)
        {
            happens();
        }
    });

    private void KillNode()
    {
        var i = city.Chance.Number(0, cluster.Count);
        if (cluster.Of(i) is { } run)
        {
            Note($"{run.Name} dies");
            cluster.Kill(i);
            city.Queue.After(city.Chance.Seconds(1, 60), city.Life, () => StartAgain(i));
        }
    }

    private void StartAgain(int i)
    {
        if (UndisturbedUntil > city.Queue.Now)
        {
            city.Queue.At(UndisturbedUntil, city.Life, () => StartAgain(i));
        }
        else if (cluster.Of(i) is null)
        {
            Note($"n{i} starts again");
            cluster.Start(i);
        }
    }

    private void FreezeNode(TimeSpan span)
    {
        if (cluster.Some() is { } run)
        {
            var isMachine = city.Chance.Of(0.5);
            Note($"{run.Name} {(isMachine ? "sleeps" : "freezes")} for {span}");
            run.Freeze(span, isMachine);
            foreach (var line in run.Lines)
            {
                // Phones and balancers do not wait forever.
                var patience = city.Chance.Seconds(10, 60);
                if (patience < span)
                {
                    city.Queue.After(patience, city.Life, line.Cut);
                }
            }
        }
    }

    private void CutSubscription(TimeSpan span)
    {
        if (cluster.Some() is { } run)
        {
            run.DeafUntil = city.Queue.Now + span;
            Note($"{run.Name} hears nothing of what is published for {span}");
        }
    }

    // While somebody is there who knows what time it was, and for long enough to say so: where nobody is, the new clock is the right one.
    private void ReplaceStore()
    {
        if (city.Store.IsAway || city.Store.StalledUntil > city.Queue.Now || !cluster.Serving.Any(n => n.IsWellFor(TimeCorrection)))
        {
            return;
        }

        UndisturbedUntil = city.Queue.Now + TimeCorrection;
        city.Store.BecomeAnotherServer(city.Chance.Seconds(-200, 200));
        Note($"another server of the store answers, where it is {city.Store.Time:HH:mm:ss.fff}");
    }

    // To a replica that was this much behind. Behind a proxy nodes do not even notice that their connections lead elsewhere.
    private void FailOver(TimeSpan behind, bool isNoticed)
    {
        if (_isFailingOver)
        {
            return;
        }

        _isFailingOver = true;
        city.Store.Keep();
        city.Queue.After(behind, city.Life, () =>
        {
            _isFailingOver = false;
            city.Store.Forget();
            Note($"the store has forgotten the last {behind}{(isNoticed ? ", and connections broke" : "")}");
            if (isNoticed)
            {
                Reconnect();
            }
        });
    }

    private void Reconnect()
    {
        foreach (var run in cluster.Running)
        {
            city.Queue.After(city.Chance.Milliseconds(1, 2000), run.Life, run.Reload);
        }
    }

    private void Trouble(DateTimeOffset until) => _troubledUntil = _troubledUntil > until + Aftermath ? _troubledUntil : until + Aftermath;

    private void LoseStore(TimeSpan span)
    {
        if (!city.Store.IsAway)
        {
            city.Store.IsAway = true;
            Note($"the store is away for {span}");
            city.Queue.After(span, city.Life, FindStore);
        }
    }

    private void FindStore()
    {
        if (city.Store.IsAway)
        {
            city.Store.IsAway = false;
            Trouble(city.Queue.Now);
            Note("the store is back");
            Reconnect();
        }
    }

    /// <summary>Nothing goes wrong any more.</summary>
    public void End()
    {
        Note("evening");
        city.Store.StalledUntil = DateTimeOffset.MinValue;
        FindStore();
        _troubledUntil = city.Queue.Now + Aftermath;
        for (var i = 0; i < cluster.Count; i++)
        {
            StartAgain(i);
            cluster.Of(i)!.Thaw();
        }
    }

    private void Note(string what) => city.History.Add(new Fault(city.Queue.Now, what));
}
