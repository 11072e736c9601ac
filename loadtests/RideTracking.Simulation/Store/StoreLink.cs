using System.Reflection;
using RideTracking.Simulation.Time;
using StackExchange.Redis;

namespace RideTracking.Simulation.Store;

/// <summary>How bad the way to the store is.</summary>
/// <param name="LostRequests">Share of commands that never arrive.</param>
/// <param name="LostReplies">Share of commands that are run but whose reply never comes.</param>
/// <param name="Slow">Share of commands that take long.</param>
internal sealed record StoreTrouble(double LostRequests, double LostReplies, double Slow)
{
    public static StoreTrouble None { get; } = new(0, 0, 0);
}

/// <summary>
/// One connection of a node to the store: commands arrive in the order in which they were sent, replies come back in that
/// order; some never do. Stands in for the client's <see cref="IDatabase"/>.
/// </summary>
internal class StoreLink : DispatchProxy
{
    // The client's own default.
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(5);

    private static readonly MethodInfo Start = typeof(StoreLink).GetMethod(nameof(StartAsync), BindingFlags.Instance | BindingFlags.NonPublic)!;

    private SharedStore _store = null!;
    private EventQueue _queue = null!;
    private Life _node = null!;
    private TimeProvider _machine = null!;
    private Chance _chance = null!;
    private Func<StoreTrouble> _trouble = null!;
    private DateTimeOffset _lastArrival;
    private DateTimeOffset _lastReply;

    public static IDatabase Open(SharedStore store, EventQueue queue, Life node, TimeProvider machine, Chance chance, Func<StoreTrouble> trouble)
    {
        var database = Create<IDatabase, StoreLink>();
        var link = (StoreLink)(object)database;
        (link._store, link._queue, link._node, link._machine, link._chance, link._trouble) = (store, queue, node, machine, chance, trouble);
        return database;
    }

    protected override object? Invoke(MethodInfo? targetMethod, object?[]? args)
    {
        _queue.RequireThread();
        var returned = targetMethod!.ReturnType;
        if (targetMethod.Name == nameof(IDatabase.HashScanAsync))
        {
            return ScanAsync(targetMethod, args!);
        }

        if (!returned.IsGenericType || returned.GetGenericTypeDefinition() != typeof(Task<>))
        {
            throw new NotSupportedException($"The simulated way to the store does not know {targetMethod}.");
        }

        return Start.MakeGenericMethod(returned.GenericTypeArguments).Invoke(this, [targetMethod, args]);
    }

    private async IAsyncEnumerable<HashEntry> ScanAsync(MethodInfo method, object?[] arguments)
    {
        foreach (var entry in await StartAsync<HashEntry[]>(method, arguments))
        {
            yield return entry;
        }
    }

    // Continuations run inside of SetResult, on the simulation's thread.
    private Task<T> StartAsync<T>(MethodInfo method, object?[] arguments)
    {
        var promise = new TaskCompletionSource<T>();
        if (_store.IsAway)
        {
            _queue.After(_chance.Milliseconds(0.1, 2), _node, () => promise.TrySetException(Away()));
            return promise.Task;
        }

        var trouble = _trouble();
        var slow = trouble.Slow > 0 && _chance.Of(trouble.Slow);
        var there = _chance.Milliseconds(0.2, slow ? 400 : 2);
        var back = _chance.Milliseconds(0.2, slow ? 400 : 2);
        var isLost = trouble.LostRequests > 0 && _chance.Of(trouble.LostRequests);
        var isReplyLost = trouble.LostReplies > 0 && _chance.Of(trouble.LostReplies);
        // The caller stops waiting; the command may still be on its way.
        _queue.After(Timeout, _node, () => promise.TrySetException(new RedisTimeoutException(CommandFlags.None, "No reply in time.", CommandStatus.Sent)));
        if (isLost)
        {
            return promise.Task;
        }

        _lastArrival = Later(Later(_queue.Now + there, _lastArrival), _store.StalledUntil);
        _queue.At(_lastArrival, _store.Life, Arrive);
        return promise.Task;

        void Arrive()
        {
            if (_store.StalledUntil > _queue.Now)
            {
                _queue.At(_store.StalledUntil, _store.Life, Arrive);
                return;
            }

            _lastReply = Later(_queue.Now + back, _lastReply);
            if (_store.IsAway)
            {
                _queue.At(_lastReply, _node, () => promise.TrySetException(Away()));
                return;
            }

            try
            {
                var result = (T)_store.Run(method, arguments, _machine)!;
                if (!isReplyLost)
                {
                    _queue.At(_lastReply, _node, () => promise.TrySetResult(result));
                }
            }
            catch (RedisServerException e)
            {
                _queue.At(_lastReply, _node, () => promise.TrySetException(e));
            }
        }
    }

    private static DateTimeOffset Later(DateTimeOffset one, DateTimeOffset other) => one > other ? one : other;

    private static RedisConnectionException Away() => new(ConnectionFailureType.SocketClosed, CommandFlags.None, "The store is away.", null, CommandStatus.Unknown);
}
