using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace RideTracking.Server.Store;

/// <summary>
/// The connections to the store. Appending, dispatch, bulk reads and the feeds have one each, so that a long read never stands
/// before a trip and a trip never before the log; on the embedded store, which has no feeds, the first two are one. Usable once the host has started; calls fail fast while the store is
/// away, and whoever makes them decides what to do then.
/// </summary>
public sealed partial class RedisStore(
    IOptions<StoreOptions> options, EmbeddedStore embedded, UnreadableRecords unreadable, RecordFormat format, ILogger<RedisStore> logger) : IHostedService, IAsyncDisposable
{
    /// <summary>What its connections are called by, before what they are for.</summary>
    internal const string ClientNamePrefix = "ride-tracking-";

    private static readonly CommandMap WithoutConfig = CommandMap.Create(["CONFIG"], available: false);

    private readonly List<ConnectionMultiplexer> _connections = [];
    private StoreReader? _append;
    private StoreReader? _trips;
    private StoreReader? _bulk;
    private StoreReader? _feeds;
    private StoreWriter? _appendWrites;
    private StoreWriter? _writes;
    private int _restorations;
    private int _emptyings;
    private int _forgettings;

    /// <summary>Over databases that somebody else opened and closes: a simulation that stands between node and store.</summary>
    internal RedisStore(
        IDatabase append, IDatabase trips, IDatabase bulk, IDatabase feeds, IOptions<StoreOptions> options, EmbeddedStore embedded, UnreadableRecords unreadable,
        ILogger<RedisStore> logger)
        : this(options, embedded, unreadable, new RecordFormat(), logger)
    {
        (_append, _trips, _bulk, _feeds) = (new(append), new(trips), new(bulk), new(feeds));
        (_appendWrites, _writes) = (new StoreWriter(append, isEmbedded: false, Format), new StoreWriter(trips, isEmbedded: false, Format));
    }

    /// <summary>For reading what the log's appends and connection claims go by.</summary>
    public StoreReader Append => _append ?? throw NotStarted();

    /// <summary>For the log's appends and connection claims.</summary>
    public StoreWriter AppendWrites => _appendWrites ?? throw NotStarted();

    /// <summary>For writing all else.</summary>
    public StoreWriter Writes => _writes ?? throw NotStarted();

    /// <summary>For reading trips, plans, commands and the directory.</summary>
    public StoreReader Trips => _trips ?? throw NotStarted();

    /// <summary>For reading much: rebuilding the present, replays.</summary>
    public StoreReader Bulk => _bulk ?? throw NotStarted();

    /// <summary>For the feeds; on the embedded store, which no other node uses, for the log alone.</summary>
    public StoreReader Feeds => _feeds ?? throw NotStarted();

    /// <summary>Whether this is the embedded store, which has no feeds.</summary>
    public bool IsEmbedded => Writes.IsEmbedded;

    /// <summary>How much memory the store may use, as it is configured here (<see cref="StoreOptions.MemoryLimitMegabytes"/>); 0 for what it says itself.</summary>
    internal long MemoryLimitBytes => (long)options.Value.MemoryLimitMegabytes << 20;

    /// <summary>Whether the store answers just now, as far as the connections know.</summary>
    public bool IsConnected => _connections.Count > 0 && _connections.TrueForAll(c => c.IsConnected);

    /// <summary>
    /// Rises each time a connection is back, the store was found emptied or replaced, or a feed does not follow on what was read of it:
    /// what is held in memory of the store may be out of date then.
    /// </summary>
    public int Restorations => Volatile.Read(ref _restorations);

    /// <summary>Rises each time the store was found emptied or replaced.</summary>
    public int Emptyings => Volatile.Read(ref _emptyings);

    /// <summary>
    /// Rises each time the store was found emptied or replaced, or a feed did not follow on what was read of it: what this node holds by the
    /// store's word, the store may have forgotten.
    /// </summary>
    public int Forgettings => Volatile.Read(ref _forgettings);

    /// <summary>In which form records are written, and up to which they can be read.</summary>
    public RecordFormat Format => format;

    /// <summary>Records that cannot be read, whoever meets them.</summary>
    public UnreadableRecords Unreadable => unreadable;

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        var endpoint = await embedded.StartAsync(cancellationToken);
        var configuration = endpoint ?? options.Value.Redis;
        _trips = await ConnectAsync(configuration, "trips", cancellationToken);
        _writes = new StoreWriter(_trips.Database, isEmbedded: endpoint is not null, format, WaitOn(_trips.Database));
        // The embedded store keeps scripts apart by nothing but the connection that they share.
        _append = endpoint is null ? await ConnectAsync(configuration, "append", cancellationToken) : _trips;
        _appendWrites = endpoint is null ? new StoreWriter(_append.Database, isEmbedded: false, format, WaitOn(_append.Database)) : _writes;
        _bulk = await ConnectAsync(configuration, "bulk", cancellationToken);
        _feeds = endpoint is null ? await ConnectAsync(configuration, "feeds", cancellationToken) : _bulk;
        if (!IsConnected)
        {
            LogAbsent(configuration.Split(',')[0]);
        }
    }

    /// <summary>The store was found emptied or replaced.</summary>
    internal void WasEmptied()
    {
        Interlocked.Increment(ref _emptyings);
        BeginAgain();
    }

    /// <summary>The store may have forgotten something: what memory holds of it is to be read anew, and what is held by its word asked for anew.</summary>
    internal void BeginAgain()
    {
        Interlocked.Increment(ref _forgettings);
        WasRestored();
    }

    /// <summary>A connection is back: what memory holds of the store is to be read anew.</summary>
    internal void WasRestored() => Interlocked.Increment(ref _restorations);

    // Closed in DisposeAsync: streams that end after this service stops may still write.
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        foreach (var connection in _connections)
        {
            await connection.DisposeAsync();
        }

        _connections.Clear();
        await embedded.DisposeAsync();
    }

    private async Task<StoreReader> ConnectAsync(string configuration, string role, CancellationToken cancellationToken)
    {
        var settings = Settings(configuration, options.Value, logger);
        settings.AbortOnConnectFail = false;
        // What waits while the store is away waits in our own bounded buffers, not in the client's unbounded backlog.
        settings.BacklogPolicy = BacklogPolicy.FailFast;
        settings.ConnectTimeout = Math.Min(settings.ConnectTimeout, 2000);
        settings.ReconnectRetryPolicy = new ExponentialRetry(100, 2000);
        // Who is the master is asked this often: after a fail-over each server is, for as long, what it was before.
        settings.ConfigCheckSeconds = Math.Min(settings.ConfigCheckSeconds, 2);
        settings.ClientName = ClientNamePrefix + role;
        // Who is told to stop does not wait for a store that says nothing; the process ends with what it was opening.
        var connection = await ConnectionMultiplexer.ConnectAsync(settings).WaitAsync(cancellationToken);
        connection.ConnectionFailed += (_, e) => LogLost(role, e.FailureType);
        connection.ConnectionRestored += (_, _) =>
        {
            WasRestored();
            LogRestored(role);
        };
        _connections.Add(connection);
        return new StoreReader(connection.GetDatabase());
    }

    /// <summary>How a connection is made, as far as its user and its certificates go.</summary>
    internal static ConfigurationOptions Settings(string configuration, StoreOptions options, ILogger logger)
    {
        var settings = ConfigurationOptions.Parse(configuration);
        if (options.RedisPasswordFile.Length > 0)
        {
            settings.Defaults = new RedisLogin(options.RedisPasswordFile);
        }

        if (settings.Ssl)
        {
            settings.SslClientAuthenticationOptions = new RedisTls(options, settings.SslProtocols, settings.CheckCertificateRevocation, logger).OptionsFor;
        }

        // What is not needed is not asked for: a user of the store with the least rights (docs/redis.md) is refused nothing.
        // Its channel of changes is among its own: the client connects for publications early for it.
        (settings.TieBreaker, settings.ConfigurationChannel, settings.SetClientLibrary) = ("", "rt:configuration", false);
        if (settings.CommandMap == CommandMap.Default)
        {
            settings.CommandMap = WithoutConfig;
        }

        return settings;
    }

    private ReplicaWait? WaitOn(IDatabase database) =>
        options.Value.WaitForReplicas > 0 ? new ReplicaWait(database, options.Value.WaitForReplicas, options.Value.ReplicaTimeout) : null;

    private static InvalidOperationException NotStarted() => new("The store is used before the host has started.");

    [LoggerMessage(LogLevel.Warning, "The store at {Endpoint} does not answer: live tracking works, acknowledgements and trips wait for it")]
    private partial void LogAbsent(string endpoint);

    [LoggerMessage(LogLevel.Warning, "The store connection for {Role} is lost ({Failure})")]
    private partial void LogLost(string role, ConnectionFailureType failure);

    [LoggerMessage(LogLevel.Information, "The store connection for {Role} is back")]
    private partial void LogRestored(string role);
}
