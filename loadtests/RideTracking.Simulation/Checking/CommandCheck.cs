using System.Globalization;
using System.Text;
using Google.Protobuf;
using RideTracking.V1;

namespace RideTracking.Simulation.Checking;

/// <summary>
/// Commands arrive: each that was ever put into an outbox is told to the driver's app, or expires, or is superseded; in order;
/// and nobody knows a passenger longer than the trip lasts.
/// </summary>
internal sealed class CommandCheck(Violations violations, TripCheck trips)
{
    // Nodes' times differ by less than a second: by half of the way to the store at most.
    private static readonly TimeSpan ClockError = TimeSpan.FromSeconds(1.2);

    private readonly Dictionary<string, Box> _boxes = new(StringComparer.Ordinal);
    private readonly Dictionary<(string Phone, int Connection), ulong> _lastTold = [];
    private readonly Dictionary<string, SortedSet<string>> _passengersKnown = new(StringComparer.Ordinal);
    private Dictionary<string, (Dictionary<string, Waiting> Waiting, ulong Last)> _kept = [];
    private bool _hasForgotten;
    private readonly SortedSet<string> _touched = new(StringComparer.Ordinal);

    /// <summary>How many commands were put into outboxes.</summary>
    public int Count { get; private set; }

    public void Stored(OutboxStored entry)
    {
        var box = BoxOf(entry.DriverId);
        _touched.Add(entry.DriverId);
        var now = entry.Entries.Where(e => e.Field != "#").Select(Waiting.Read).ToDictionary(w => w.Field, StringComparer.Ordinal);
        var last = entry.Entries.Where(e => e.Field == "#").Select(e => ulong.Parse(Encoding.ASCII.GetString(e.Value).Split(',')[0], CultureInfo.InvariantCulture)).FirstOrDefault();
        // A claim made anew numbers anew what waits, since the store may have forgotten some; in the same order.
        var renumbered = now.Values.Where(w => w.Sequence > box.Last && box.Waiting.GetValueOrDefault(w.Field)?.Content == w.Content).OrderBy(w => w.Sequence).ToArray();
        violations.Require(
            renumbered.Length == 0 || (renumbered.Length == now.Count && renumbered.Select(w => w.Field).SequenceEqual(box.Waiting.Values.OrderBy(w => w.Sequence).Select(w => w.Field))),
            entry.At, "what waits keeps its order", $"{entry.DriverId}: {string.Join(' ', renumbered.Select(w => w.Sequence))} were numbered anew");
        var above = now.Values.Where(w => w.Sequence > box.Last).OrderBy(w => w.Sequence).ToArray();
        var added = above.Except(renumbered).ToArray();
        violations.Require(
            last >= box.Last && (above.Length > 0 || last == box.Last || _hasForgotten) && above.Select(a => a.Sequence).SequenceEqual(Enumerable.Range(1 - above.Length, above.Length).Select(i => (ulong)((long)last + i))),
            entry.At,
            "commands of a commit are numbered one after the other", $"{entry.DriverId}: after {box.Last} come {string.Join(' ', above.Select(a => a.Sequence))}, the last is {last}");
        foreach (var was in box.Waiting.Values.Where(w => now.GetValueOrDefault(w.Field) is not { } still || (still.Sequence != w.Sequence && still.Content != w.Content)))
        {
            var isExpired = was.ExpiresAt <= entry.At + ClockError;
            violations.Require(
                was.Sequence <= box.Acknowledged || isExpired || added.Any(a => a.Supersedes(was)), entry.At, "a command stays until it is had",
                $"{entry.DriverId}: {was.Field} ({was.Sequence}) is gone, acknowledged through {box.Acknowledged}, expires at {was.ExpiresAt:O}");
            violations.Require(
                isExpired || box.Told.Contains(was.Content) || added.Any(a => a.Supersedes(was)), entry.At, "every command is delivered, expired or superseded",
                $"{entry.DriverId}: {was.Field} ({was.Sequence}) is gone and was never told");
        }

        foreach (var w in now.Values.Where(w => w.Sequence <= box.Last))
        {
            violations.Require(
                box.Waiting.TryGetValue(w.Field, out var was) && was.Sequence == w.Sequence, entry.At, "a command never changes", $"{entry.DriverId}: {w.Field} ({w.Sequence})");
        }

        foreach (var a in above)
        {
            if (!box.Ever.TryGetValue(a.Sequence, out var given))
            {
                box.Ever[a.Sequence] = given = [];
            }

            violations.Require(given.Count == 0 || _hasForgotten, entry.At, "a number is given once", $"{entry.DriverId}: {a.Sequence}");
            given.Add(a);
        }

        Count += added.Length;
        (box.Waiting, box.Last) = (now, Math.Max(last, box.Last));
    }

    public void Told(CommandTold entry)
    {
        var box = BoxOf(entry.DriverId);
        var command = entry.Command.Clone();
        command.Sequence = 0;
        var stored = box.Ever.GetValueOrDefault(entry.Command.Sequence, []).Find(e => e.Command.Equals(command) || IsWithoutLine(command, e.Command));
        violations.Require(
            stored is not null, entry.At, "what is told is what was committed",
            $"{entry.Phone} got {entry.Command.Sequence} {entry.Command.CommandCase}");
        var connection = (entry.Phone, entry.Connection);
        violations.Require(
            _lastTold.GetValueOrDefault(connection) < entry.Command.Sequence, entry.At, "commands come in order",
            $"{entry.Phone} got {entry.Command.Sequence} after {_lastTold.GetValueOrDefault(connection)}");
        _lastTold[connection] = entry.Command.Sequence;
        box.Told.Add(stored?.Content ?? "");
        switch (entry.Command.CommandCase)
        {
            case Command.CommandOneofCase.TripAssigned:
                KnownTo(entry.Phone).Add(entry.Command.TripAssigned.TripId);
                break;
            case Command.CommandOneofCase.TripRemoved:
                KnownTo(entry.Phone).Remove(entry.Command.TripRemoved.TripId);
                break;
        }
    }

    // The line was told before on the same stream.
    private static bool IsWithoutLine(Command told, Command stored)
    {
        if (told.RouteChanged?.Route is not { EncodedPolyline: "" } || stored.RouteChanged?.Route is not { } route)
        {
            return false;
        }

        var whole = told.Clone();
        whole.RouteChanged.Route.EncodedPolyline = route.EncodedPolyline;
        return whole.Equals(stored);
    }

    public void Keep() => _kept = _boxes.ToDictionary(b => b.Key, b => (b.Value.Waiting, b.Value.Last), StringComparer.Ordinal);

    /// <summary>The store has again what it had when it was kept. What was told was told.</summary>
    public void Forget()
    {
        _hasForgotten = true;
        foreach (var (driverId, box) in _boxes)
        {
            (box.Waiting, box.Last) = _kept.GetValueOrDefault(driverId, (new(StringComparer.Ordinal), 0));
        }
    }

    public void Acknowledged(CommandsAcknowledged entry)
    {
        var box = BoxOf(entry.DriverId);
        box.Acknowledged = Math.Max(box.Acknowledged, entry.Through);
    }

    // A phone that was lost, or replaced by another, is nobody's to tell.
    public void Gone(PhoneGone entry) => _passengersKnown.Remove(entry.Phone);

    /// <summary>All that one script left was seen.</summary>
    public void Committed(DateTimeOffset at)
    {
        foreach (var driverId in _touched)
        {
            var box = BoxOf(driverId);
            foreach (var waiting in box.Waiting.Values)
            {
                violations.Require(
                    !box.Waiting.Values.Any(newer => newer.Sequence > waiting.Sequence && newer.Supersedes(waiting)), at, "what is superseded is not told",
                    $"{driverId}: {waiting.Field} ({waiting.Sequence}) still waits");
            }

            foreach (var waiting in box.Waiting.Values.Where(w => w.Command.CommandCase == Command.CommandOneofCase.TripAssigned))
            {
                var trip = trips.Find(waiting.Command.TripAssigned.TripId);
                violations.Require(
                    trip is { IsFinal: false } && trip.DriverId == driverId, at, "passenger info only while assigned",
                    $"{driverId} is still to be told the passenger of {trip?.Id}, which is {trip?.State}");
            }
        }

        _touched.Clear();
    }

    /// <summary>A trip that is not on the way that a phone was told is not its driver's: its passengers are forgotten with it.</summary>
    public void ShowWay(string phone, string[] tripIds)
    {
        if (_passengersKnown.TryGetValue(phone, out var known))
        {
            known.IntersectWith(tripIds);
        }
    }

    public void End(DateTimeOffset at)
    {
        foreach (var (driverId, box) in _boxes)
        {
            foreach (var waiting in box.Waiting.Values.Where(w => w.ExpiresAt > at))
            {
                // The store has forgotten that it was acknowledged: it goes with the next acknowledgement, or with the next connect.
                var isHad = _hasForgotten && waiting.Sequence <= box.Acknowledged && box.Told.Contains(waiting.Content);
                violations.Require(isHad, at, "every command is delivered, expired or superseded", $"{driverId}: {waiting.Field} ({waiting.Sequence}) still waits");
            }
        }

        foreach (var (phone, known) in _passengersKnown.Where(p => p.Value.Count > 0))
        {
            violations.Require(false, at, "passenger info only while assigned", $"{phone} was never told to forget the passengers of {string.Join(' ', known)}");
        }
    }

    private Box BoxOf(string driverId)
    {
        if (!_boxes.TryGetValue(driverId, out var box))
        {
            _boxes[driverId] = box = new Box();
        }

        return box;
    }

    private SortedSet<string> KnownTo(string phone)
    {
        if (!_passengersKnown.TryGetValue(phone, out var known))
        {
            _passengersKnown[phone] = known = new SortedSet<string>(StringComparer.Ordinal);
        }

        return known;
    }

    private sealed class Box
    {
        public Dictionary<string, Waiting> Waiting { get; set; } = new(StringComparer.Ordinal);

        public Dictionary<ulong, List<Waiting>> Ever { get; } = [];

        // What the commands said that were told.
        public HashSet<string> Told { get; } = new(StringComparer.Ordinal);

        public ulong Last { get; set; }

        public ulong Acknowledged { get; set; }
    }

    // "<sequence> <expires (ms)> " and the command.
    private sealed record Waiting(string Field, ulong Sequence, DateTimeOffset ExpiresAt, Command Command)
    {
        /// <summary>What it says, whatever its number.</summary>
        public string Content { get; } = Field + " " + Convert.ToBase64String(Command.ToByteArray());

        public static Waiting Read(OutboxEntry entry)
        {
            var first = Array.IndexOf(entry.Value, (byte)' ');
            var second = Array.IndexOf(entry.Value, (byte)' ', first + 1);
            return new Waiting(
                entry.Field,
                ulong.Parse(Encoding.ASCII.GetString(entry.Value, 0, first), CultureInfo.InvariantCulture),
                DateTimeOffset.FromUnixTimeMilliseconds(long.Parse(Encoding.ASCII.GetString(entry.Value, first + 1, second - first - 1), CultureInfo.InvariantCulture)),
                Command.Parser.ParseFrom(entry.Value, second + 1, entry.Value.Length - second - 1));
        }

        /// <summary>What a newer command makes meaningless, by what both say.</summary>
        public bool Supersedes(Waiting older) => (Command.CommandCase, older.Command.CommandCase) switch
        {
            (Command.CommandOneofCase.RouteChanged, Command.CommandOneofCase.RouteChanged) => true,
            (Command.CommandOneofCase.QueuePosition, Command.CommandOneofCase.QueuePosition) =>
                Command.QueuePosition.ZoneId == older.Command.QueuePosition.ZoneId,
            (Command.CommandOneofCase.OfferWithdrawn, Command.CommandOneofCase.TripOffer) => Command.OfferWithdrawn.OfferId == older.Command.TripOffer.OfferId,
            (Command.CommandOneofCase.TripAssigned, Command.CommandOneofCase.TripOffer) => Command.TripAssigned.TripId == older.Command.TripOffer.TripId,
            (Command.CommandOneofCase.TripAssigned, Command.CommandOneofCase.TripAssigned) => Command.TripAssigned.TripId == older.Command.TripAssigned.TripId,
            (Command.CommandOneofCase.TripRemoved, Command.CommandOneofCase.TripRemoved) => Command.TripRemoved.TripId == older.Command.TripRemoved.TripId,
            (Command.CommandOneofCase.TripRemoved, Command.CommandOneofCase.TripAssigned) => Command.TripRemoved.TripId == older.Command.TripAssigned.TripId,
            _ => false,
        };
    }
}
