using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using RideTracking.Server.Hosting;
using RideTracking.Server.Telemetry;
using StackExchange.Redis;

namespace RideTracking.Server.Store;

/// <summary>
/// Whether the store is still the one that it was. Under each hash tag a key holds a name of chance from the first look on; where
/// it is missing, or another one, while the store answers, the store was emptied or replaced by another. That is told, and all
/// that memory holds of the store is read again (<see cref="RedisStore.Restorations"/> rises). Thread-safe.
/// </summary>
public sealed partial class StoreGenerations
{
    /// <summary>Of what is kept in the store. It rises with each change that an earlier program could not read, or a later one not go on from.</summary>
    public const int Format = 2;

    /// <summary>In the place of a name: another store is being moved here, and not all of it is here yet.</summary>
    internal const string Moving = "moving";

    // What keys of names end in, whosever.
    private const string Suffix = ":generation";

    /// <summary>How long health speaks of it.</summary>
    public static readonly TimeSpan Told = TimeSpan.FromMinutes(10);

    private readonly RedisStore _store;
    private readonly TimeProvider _machine;
    private readonly Counter<long> _emptied;
    private readonly ILogger<StoreGenerations> _logger;

    // One for each hash tag: the company's and the areas'.
    private readonly ConcurrentDictionary<string, (string Name, DateTimeOffset SeenAt)> _known = new(StringComparer.Ordinal);
    private volatile Emptied? _last;
    private volatile BrokenFeed? _lastBroken;

    /// <summary>Made once, by <c>AddStore</c>.</summary>
    public StoreGenerations(
        RedisStore store, [FromKeyedServices(Clock.MachineClock)] TimeProvider machine, IMeterFactory meters, ILogger<StoreGenerations> logger)
    {
        (_store, _machine, _logger) = (store, machine, logger);
        _emptied = meters.Create(Metering.MeterName).CreateCounter<long>(
            "ridetracking.store.emptied", "{time}", "Times that the store was found emptied or replaced, by whose keys: an area's, or the company's.");
    }

    /// <summary>What was found last, as long as it is told; null when there is nothing to tell.</summary>
    internal Emptied? Last => _last is { } last && _machine.GetUtcNow() - last.FoundAt < Told ? last : null;

    /// <summary>The feed that was found last not to follow on what was read of it, as long as it is told; null when there is nothing to tell.</summary>
    internal BrokenFeed? LastBroken => _lastBroken is { } last && _machine.GetUtcNow() - last.FoundAt < Told ? last : null;

    /// <summary>What memory has of the store is to be read anew.</summary>
    /// <param name="feed">For which feed.</param>
    /// <param name="why">What it lacks; null for nothing, where the store has not forgotten anything either.</param>
    internal void BeginAgain(string feed, string? why)
    {
        Broken(feed, why);
        if (why is null)
        {
            _store.WasRestored();
        }
        else
        {
            _store.BeginAgain();
        }
    }

    /// <summary>A feed does not follow on what was read of it.</summary>
    /// <inheritdoc cref="BeginAgain"/>
    internal void Broken(string feed, string? why)
    {
        if (why is not null)
        {
            _lastBroken = new BrokenFeed(feed, why, _machine.GetUtcNow());
        }
    }

    /// <summary>Whether a key holds a name.</summary>
    internal static bool IsName(RedisKey key) => key.ToString().EndsWith(Suffix, StringComparison.Ordinal);

    /// <summary>Why a store cannot be worked on; null when it can. What another format has there is neither read nor converted.</summary>
    /// <param name="area">Whose keys.</param>
    /// <param name="key">Holds the name, which begins with the format; the first format's did not.</param>
    /// <exception cref="RedisException">The store is away or refuses: it is not known.</exception>
    public async Task<string?> ObjectionAsync(string area, RedisKey key) => (string?)await _store.Trips.StringGetAsync(key) switch
    {
        Moving => "An embedded store is being moved to this one, or was not moved to its end: wait until that is done; or empty this one (FLUSHDB) and move it again.",
        { } name when !name.StartsWith($"{Format} ", StringComparison.Ordinal) =>
            $"The store holds the area {area} in format {(name.Split(' ') is [var format, _] ? format : "1")}, and this program works on format {Format}, which it is not converted to: "
                + "give it an empty one (another data folder with --data, another Redis with --redis, or the same after FLUSHDB), or go on with the version that wrote it.",
        _ => null,
    };

    /// <summary>Looks once. The first time there is nothing to compare with.</summary>
    /// <param name="area">Whose keys: an area's id, or <c>company</c>.</param>
    /// <param name="key">Holds the name.</param>
    /// <exception cref="RedisException">The store is away or refuses: it is not known whether it is the same.</exception>
    public async Task LookAsync(string area, RedisKey key)
    {
        var now = _machine.GetUtcNow();
        var isKnown = _known.TryGetValue(area, out var known);
        string? found = await _store.Trips.StringGetAsync(key);
        // Before it is told: who begins anew must not do so again because another node names the store meanwhile.
        found ??= (string)(await StoreScript.SetOnce.RunAsync(_store.Writes, [key], [$"{Format} {Guid.NewGuid():N}"]))!;
        _known[area] = (found, now);
        if (!isKnown || found == known.Name)
        {
            return;
        }

        _last = new Emptied(area, known.SeenAt, now);
        _emptied.Add(1, new KeyValuePair<string, object?>("area", area));
        LogEmptied(area, known.SeenAt, now);
        _store.WasEmptied();
    }

    [LoggerMessage(
        LogLevel.Warning,
        "The store's keys of {Area} were emptied, or the store was replaced by another, between {SeenAt:O} and {FoundAt:O}: what it does not hold any more is forgotten here too, and streams of events end with CURSOR_UNKNOWN. It is worked on with what it holds now")]
    private partial void LogEmptied(string area, DateTimeOffset seenAt, DateTimeOffset foundAt);

    /// <summary>A feed was begun again.</summary>
    /// <param name="Feed">Which one.</param>
    /// <param name="Why">What it lacks.</param>
    /// <param name="FoundAt">When that was found.</param>
    internal sealed record BrokenFeed(string Feed, string Why, DateTimeOffset FoundAt)
    {
        /// <inheritdoc cref="Emptied.ToString"/>
        public override string ToString() => $"the {Feed} feed was begun again at {FoundAt:O}, since {Why}: memory was read anew";
    }

    /// <summary>The store was found emptied or replaced.</summary>
    /// <param name="Area">Whose keys.</param>
    /// <param name="SeenAt">When they were last as they had been.</param>
    /// <param name="FoundAt">When that was found.</param>
    internal sealed record Emptied(string Area, DateTimeOffset SeenAt, DateTimeOffset FoundAt)
    {
        /// <summary>For people, and <c>/readyz</c>.</summary>
        public override string ToString() =>
            $"the keys of {Area} were emptied or replaced between {SeenAt:O} and {FoundAt:O}: worked on with what it holds now";
    }
}
