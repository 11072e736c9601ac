using RideTracking.Simulation.Actors;
using RideTracking.V1;
using Fix = RideTracking.Engine.Ingest.Fix;

namespace RideTracking.Simulation.Nodes;

/// <summary>A phone's stream to a node: messages arrive in order, late, and from some moment on not at all.</summary>
internal sealed class DriverLine
{
    private readonly City _city;
    private readonly NodeRun _node;
    private readonly Phone _phone;
    private readonly LineEnd _end;
    private bool _isCut;
    private readonly Way _up = new();
    private readonly Way _down = new();

    public DriverLine(City city, NodeRun node, Phone phone, int number)
    {
        (_city, _node, _phone, Number) = (city, node, phone, number);
        _end = new LineEnd(city, node, this, phone);
    }

    /// <summary>Counts the phone's connections.</summary>
    public int Number { get; }

    /// <summary>The phone's first message.</summary>
    /// <param name="had">The last command that the app has.</param>
    public void Open(ulong had) => Up(() => _end.Open(had));

    public void Send(DriverAction action) => Up(() => _end.Receive(action));

    public void Acknowledge(ulong through) => Up(() => _end.Acknowledge(through));

    /// <summary>Fixes, as the app sends them.</summary>
    public void Report(FixReport report) => Up(() => _end.Receive(report));

    /// <summary>The network between phone and node breaks; both notice later.</summary>
    public void Cut()
    {
        Lost();
        _city.Queue.After(_city.Chance.Seconds(0, 30), _node.Life, _end.Close);
    }

    /// <summary>The node is gone, or the network: nothing passes any more.</summary>
    public void Lost()
    {
        if (!_isCut)
        {
            _isCut = true;
            _city.Queue.After(_city.Chance.Seconds(0.2, 10), _city.Life, () => _phone.LineLost(this));
        }
    }

    /// <summary>Something goes to the phone.</summary>
    public void Down(Action arrives) => Pass(_down, _city.Life, arrives);

    private void Up(Action arrives) => Pass(_up, _node.Life, arrives);

    private void Pass(Way way, Time.Life whose, Action arrives)
    {
        if (_isCut)
        {
            return;
        }

        var at = _city.Queue.Now + _city.Chance.Milliseconds(5, 150);
        way.Last = at > way.Last ? at : way.Last;
        way.Messages.Enqueue(arrives);
        _city.Queue.At(way.Last, whose, () =>
        {
            // Of a node that is woken up early the events of its sleep come late: the next message is the one that was sent first.
            var next = way.Messages.Dequeue();
            if (!_isCut && (whose == _city.Life || !_end.IsOver))
            {
                next();
            }
        });
    }

    /// <summary>One direction: what is on its way, and when the last of it arrives.</summary>
    private sealed class Way
    {
        public Queue<Action> Messages { get; } = new();

        public DateTimeOffset Last { get; set; }
    }
}

/// <summary>Fixes on their way to a node.</summary>
/// <param name="Fixes">The fixes, in their order.</param>
/// <param name="ResentAfter">After which one the app sends again, when it was asked to.</param>
/// <param name="WantsAck">Whether the app wants to hear at once of all that it has sent.</param>
/// <param name="SentAtUnixMs">When it sent them, by its clock.</param>
internal sealed record FixReport(Fix[] Fixes, ulong? ResentAfter, bool WantsAck, long SentAtUnixMs);

/// <summary>What an app is told when its stream opens.</summary>
/// <param name="Epoch">By which claim; 0 while there is none.</param>
/// <param name="ResumeAfter">Where the log of its session ends; null where that is not known.</param>
/// <param name="Verdicts">Of fixes up to there that were not plainly accepted.</param>
/// <param name="Availability">What the driver chose.</param>
/// <param name="Route">Where to.</param>
internal sealed record Greeting(
    long Epoch, ulong? ResumeAfter, IReadOnlyList<Server.Log.SequencedVerdict> Verdicts, DriverAvailability Availability, RouteChanged Route);
