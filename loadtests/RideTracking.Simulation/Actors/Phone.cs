using Google.Protobuf.WellKnownTypes;
using RideTracking.Simulation.Checking;
using RideTracking.Simulation.Nodes;
using RideTracking.V1;

namespace RideTracking.Simulation.Actors;

/// <summary>
/// A driver's phone with the app on it: keeps what was done until it is answered, acknowledges what it was told, connects
/// again when the line is lost, and never again when another phone took over.
/// </summary>
internal sealed class Phone(City city, SimulatedDriver driver, string id)
{
    private readonly FixBuffer _fixes = new(city, driver, id);
    private readonly List<DriverAction> _unanswered = [];
    private readonly List<DriverAction> _answered = [];
    private DriverLine? _line;
    private bool _isWelcome;
    private int _lines;
    private int _actions;

    public SimulatedDriver Driver => driver;

    public string Id => id;

    /// <summary>The last command that the app has.</summary>
    public ulong LastSequence { get; private set; }

    /// <summary>Switched on, and not replaced by another phone.</summary>
    public bool IsInUse { get; private set; } = true;

    /// <summary>Everything that was done is answered.</summary>
    public bool IsSettled => _isWelcome && _unanswered.Count == 0 && _fixes.IsSettled;

    public bool HasUnanswered(DriverAction.ActionOneofCase kind) => _unanswered.Exists(a => a.ActionCase == kind);

    /// <summary>Connects to any node that takes calls; again when nothing comes of it.</summary>
    public void Connect()
    {
        if (!IsInUse || _line is not null)
        {
            return;
        }

        var nodes = city.ServingNodes;
        if (nodes.Count > 0)
        {
            var line = new DriverLine(city, city.Chance.Pick(nodes), this, ++_lines);
            _line = line;
            city.History.Add(new CommandsAcknowledged(city.Queue.Now, driver.Id, LastSequence));
            line.Open(LastSequence);
            city.Queue.After(TimeSpan.FromSeconds(15), city.Life, () =>
            {
                if (_line == line && !_isWelcome)
                {
                    line.Cut();
                }
            });
            return;
        }

        city.Queue.After(city.Chance.Seconds(0.5, 3), city.Life, Connect);
    }

    /// <summary>No network: the line breaks, and comes back after a while.</summary>
    public void Vanish(TimeSpan span)
    {
        var line = _line;
        Drop();
        line?.Cut();
        city.Queue.After(span, city.Life, Connect);
    }

    /// <summary>Another network: the app connects anew at once, while what it has sent last is still on its way by the line before, of which no end is heard for a while.</summary>
    public void Roam()
    {
        if (!_isWelcome)
        {
            return;
        }

        _fixes.Make();
        _line!.Report(_fixes.Unsent());
        city.Queue.After(city.Chance.Seconds(1, 30), city.Life, _line.Cut);
        Drop();
        city.Queue.After(city.Chance.Milliseconds(0, 400), city.Life, Connect);
    }

    /// <summary>Lost for good, with all that it had not sent.</summary>
    public void Break(string why)
    {
        var line = _line;
        Drop();
        line?.Cut();
        Retire(why);
    }

    /// <summary>Does something: kept until it is answered.</summary>
    public void Act(DriverAction action)
    {
        if (!IsInUse || city.IsOver)
        {
            return;
        }

        action.ActionId = $"{id}-{++_actions}";
        if (ClaimedTime() is { } time)
        {
            action.OccurredAt = time.ToTimestamp();
        }

        city.History.Add(new ActionMade(city.Queue.Now, driver.Id, id, action));
        _unanswered.Add(action);
        if (_isWelcome)
        {
            // Sometimes held back, so that a later one overtakes it.
            city.Queue.After(city.Chance.Of(city.Conditions.Reordered) ? city.Chance.Seconds(0.5, 5) : TimeSpan.Zero, city.Life, () => SendIfWaiting(action));
        }
    }

    /// <summary>Sends again what was answered long ago.</summary>
    public void RepeatSomething()
    {
        if (_answered.Count > 0 && _isWelcome)
        {
            _line!.Send(city.Chance.Pick(_answered));
        }
    }

    /// <summary>The sensor says where the phone is. It is sent at once, or with a later one.</summary>
    public void ReadSensor()
    {
        if (!IsInUse || city.IsOver)
        {
            return;
        }

        _fixes.Make();
        if (_isWelcome && (_fixes.Waits || city.Chance.Of(0.7)))
        {
            _line!.Report(city.Chance.Of(city.Conditions.Repeated) ? _fixes.All() : _fixes.Unsent());
        }
    }

    /// <summary>What it still holds is for the checker.</summary>
    public void ShowBuffer() => _fixes.Show();

    public void Welcomed(DriverLine line, Greeting greeting)
    {
        if (line != _line)
        {
            return;
        }

        _isWelcome = true;
        city.History.Add(new PhoneWelcomed(city.Queue.Now, driver.Id, id, greeting.Epoch));
        if (!city.IsOver)
        {
            _fixes.Make();
        }

        line.Report(_fixes.Opened(greeting));
        foreach (var action in _unanswered)
        {
            line.Send(action);
        }

        driver.Welcomed(greeting.Availability, greeting.Route);
    }

    public void Told(DriverLine line, ToldOfFixes told)
    {
        if (line == _line && _isWelcome && _fixes.Told(told) is { } again)
        {
            line.Report(again);
        }
    }

    public void Told(DriverLine line, Command command)
    {
        if (line != _line)
        {
            return;
        }

        city.History.Add(new CommandTold(city.Queue.Now, driver.Id, id, line.Number, command));
        LastSequence = Math.Max(LastSequence, command.Sequence);
        driver.Told(command);
        city.Queue.After(city.Chance.Seconds(0, 2), city.Life, () =>
        {
            if (line == _line)
            {
                city.History.Add(new CommandsAcknowledged(city.Queue.Now, driver.Id, LastSequence));
                line.Acknowledge(LastSequence);
            }
        });
    }

    public void Answered(DriverLine line, ActionResult result)
    {
        if (line != _line)
        {
            return;
        }

        city.History.Add(new ActionAnswered(city.Queue.Now, driver.Id, id, result));
        if (Refusals.ReasonOf(result.Status) == Refusals.TakenOver)
        {
            TakenOver(line);
            return;
        }

        if (_unanswered.Find(a => a.ActionId == result.ActionId) is not { } action)
        {
            return;
        }

        if (Refusals.ReasonOf(result.Status) == Refusals.Contended)
        {
            city.Queue.After(TimeSpan.FromSeconds(1), city.Life, () => SendIfWaiting(action));
            return;
        }

        _unanswered.Remove(action);
        _answered.Add(action);
        driver.Answered(action, result);
        if (city.IsDay && city.Chance.Of(city.Conditions.Repeated))
        {
            line.Send(action);
        }
    }

    public void LineLost(DriverLine line)
    {
        if (line == _line)
        {
            Drop();
            city.Queue.After(city.Chance.Seconds(0.1, 5), city.Life, Connect);
        }
    }

    public void TakenOver(DriverLine line)
    {
        if (line == _line)
        {
            Drop();
            line.Cut();
            Retire("taken over");
            driver.PhoneRetired(this);
        }
    }

    private void Drop()
    {
        _line = null;
        _isWelcome = false;
    }

    private void Retire(string why)
    {
        if (IsInUse)
        {
            IsInUse = false;
            city.History.Add(new PhoneGone(city.Queue.Now, driver.Id, id, why));
        }
    }

    private void SendIfWaiting(DriverAction action)
    {
        if (_isWelcome && _unanswered.Contains(action))
        {
            _line!.Send(action);
        }
    }

    // Phones' clocks lie, or say nothing.
    private DateTimeOffset? ClaimedTime() => city.Chance.Number(0, 10) switch
    {
        0 => null,
        1 => city.Queue.Now + city.Chance.Seconds(-90_000, 90_000),
        _ => city.Queue.Now,
    };
}
