using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Google.Protobuf;
using RideTracking.V1;

namespace RideTracking.Simulation.Checking;

/// <summary>Something that the store held, or that somebody was told, at a moment.</summary>
internal abstract record Entry(DateTimeOffset At)
{
    /// <summary>One line, the same for the same run.</summary>
    public string Line => string.Create(CultureInfo.InvariantCulture, $"{At:HH:mm:ss.fffffff} {GetType().Name} {Text}");

    protected abstract string Text { get; }
}

/// <summary>Something that the store holds after a script.</summary>
/// <param name="At">When.</param>
/// <param name="Look">Counts the scripts: entries of one look were committed together.</param>
internal abstract record StoreEntry(DateTimeOffset At, int Look) : Entry(At);

/// <summary>The store has this record of a trip now.</summary>
internal sealed record TripStored(DateTimeOffset At, int Look, string TripId, string Record, long? DueAtMs) : StoreEntry(At, Look)
{
    protected override string Text => $"{TripId} due {DueAtMs} {Record}";
}

/// <summary>The store has this record of a driver's plan now.</summary>
internal sealed record PlanStored(DateTimeOffset At, int Look, string DriverId, string Record) : StoreEntry(At, Look)
{
    protected override string Text => $"{DriverId} {Record}";
}

/// <summary>One entry of an outbox as the store has it.</summary>
internal sealed record OutboxEntry(string Field, byte[] Value);

/// <summary>The store has these commands for a driver now.</summary>
internal sealed record OutboxStored(DateTimeOffset At, int Look, string DriverId, OutboxEntry[] Entries) : StoreEntry(At, Look)
{
    protected override string Text => $"{DriverId} {string.Join(' ', Entries.Select(e => e.Field + "=" + Convert.ToBase64String(e.Value)))}";
}

/// <summary>A field of the store's hash of nodes.</summary>
internal sealed record LeaseField(string Name, string Value);

/// <summary>The store has these leases now.</summary>
/// <param name="At">When.</param>
/// <param name="Look">Counts the scripts.</param>
/// <param name="StoreTimeMs">When by the store's own clock.</param>
/// <param name="Fields">Writers and roles.</param>
internal sealed record LeasesStored(DateTimeOffset At, int Look, long StoreTimeMs, LeaseField[] Fields) : StoreEntry(At, Look)
{
    protected override string Text => $"{StoreTimeMs} {string.Join(' ', Fields.Select(f => f.Name + "=" + f.Value))}";
}

/// <summary>What a node's memory holds of trips and plans.</summary>
/// <param name="At">When.</param>
/// <param name="Node">Which.</param>
/// <param name="IsCalm">Nothing has been wrong with the node or the store for a while.</param>
/// <param name="Records">Records as they would be stored.</param>
internal sealed record MemoryShown(DateTimeOffset At, string Node, bool IsCalm, (string What, string Record)[] Records) : Entry(At)
{
    protected override string Text =>
        $"{Node} {(IsCalm ? "calm" : "not calm")} {string.Join(' ', Records.Select(r => r.What + " " + r.Record[..r.Record.IndexOf(' ', StringComparison.Ordinal)]))}";
}

/// <summary>A node's memory has taken in an older version of a trip or plan than it had.</summary>
internal sealed record MemoryWentBack(DateTimeOffset At, string Node, string What, ulong Before, ulong Version) : Entry(At)
{
    protected override string Text => $"{Node} {What} {Before} {Version}";
}

/// <summary>Who is connected to other nodes than this one, by its memory and by the store.</summary>
internal sealed record LinksShown(DateTimeOffset At, string Node, string[] Memory, string[] Store) : Entry(At)
{
    protected override string Text => $"{Node} [{string.Join(' ', Memory)}] [{string.Join(' ', Store)}]";
}

/// <summary>What the store holds now is what it goes back to when it forgets.</summary>
internal sealed record StoreKept(DateTimeOffset At) : Entry(At)
{
    protected override string Text => "";
}

/// <summary>The store has forgotten all since it was kept, as after a fail-over to a replica that was behind.</summary>
internal sealed record StoreForgot(DateTimeOffset At) : Entry(At)
{
    protected override string Text => "";
}

/// <summary>A driver's stream has claimed the driver anew.</summary>
internal sealed record ClaimedAnew(DateTimeOffset At, string DriverId, string Phone, long Epoch) : Entry(At)
{
    protected override string Text => $"{DriverId} {Phone} {Epoch}";
}

/// <summary>A phone was welcomed: from now on it speaks for the driver.</summary>
internal sealed record PhoneWelcomed(DateTimeOffset At, string DriverId, string Phone, long Epoch) : Entry(At)
{
    protected override string Text => $"{DriverId} {Phone} {Epoch}";
}

/// <summary>A phone got a command.</summary>
internal sealed record CommandTold(DateTimeOffset At, string DriverId, string Phone, int Connection, Command Command) : Entry(At)
{
    protected override string Text => $"{DriverId} {Phone} {Connection} {Convert.ToBase64String(Command.ToByteArray())}";
}

/// <summary>A phone acknowledged its commands.</summary>
internal sealed record CommandsAcknowledged(DateTimeOffset At, string DriverId, ulong Through) : Entry(At)
{
    protected override string Text => $"{DriverId} {Through}";
}

/// <summary>A driver did something on a phone; it is sent until it is answered.</summary>
internal sealed record ActionMade(DateTimeOffset At, string DriverId, string Phone, DriverAction Action) : Entry(At)
{
    protected override string Text => $"{DriverId} {Phone} {Action}";
}

/// <summary>A phone got the answer to an action.</summary>
internal sealed record ActionAnswered(DateTimeOffset At, string DriverId, string Phone, ActionResult Result) : Entry(At)
{
    protected override string Text => $"{DriverId} {Phone} {Result}";
}

/// <summary>A phone will never say or hear anything again.</summary>
internal sealed record PhoneGone(DateTimeOffset At, string DriverId, string Phone, string Why) : Entry(At)
{
    protected override string Text => $"{DriverId} {Phone} {Why}";
}

/// <summary>Where a phone leads its driver when all is over.</summary>
internal sealed record WayShown(DateTimeOffset At, string Phone, string[] TripIds) : Entry(At)
{
    protected override string Text => $"{Phone} {string.Join(' ', TripIds)}";
}

/// <summary>A rider was told which trip a request became.</summary>
internal sealed record RideAccepted(DateTimeOffset At, string RequestId, string TripId) : Entry(At)
{
    protected override string Text => $"{RequestId} {TripId}";
}

/// <summary>Somebody was told that a trip is at a version after a change of theirs.</summary>
internal sealed record ChangeTold(DateTimeOffset At, string Who, string TripId, ulong Version) : Entry(At)
{
    protected override string Text => $"{Who} {TripId} {Version}";
}

/// <summary>Something went wrong on purpose.</summary>
internal sealed record Fault(DateTimeOffset At, string What) : Entry(At)
{
    protected override string Text => What;
}

/// <summary>A node logged an error, or a task of it failed: neither may happen whatever goes wrong around it.</summary>
internal sealed record Unexpected(DateTimeOffset At, string Node, string What) : Entry(At)
{
    protected override string Text => $"{Node} {What}";
}

/// <summary>All that happened, in order.</summary>
internal sealed class History
{
    private readonly List<Entry> _entries = [];

    public IReadOnlyList<Entry> Entries => _entries;

    public void Add(Entry entry) => _entries.Add(entry);

    /// <summary>The same for the same history, byte for byte.</summary>
    public string Digest()
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var entry in _entries)
        {
            hash.AppendData(Encoding.UTF8.GetBytes(entry.Line + "\n"));
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}

/// <summary>What the store holds when all is over.</summary>
/// <param name="Trips">The record of every trip that there ever was; empty for one that is not there.</param>
/// <param name="Plans">The record of every driver's plan.</param>
/// <param name="Deadlines">Trips that something is still due for.</param>
/// <param name="Events">The log of all trips' events, in its order.</param>
internal sealed record FinalStore(IReadOnlyDictionary<string, string> Trips, IReadOnlyDictionary<string, string> Plans, IReadOnlyList<string> Deadlines,
    IReadOnlyList<(ulong Number, string TripId, ulong Version)> Events);
