using System.Collections.Concurrent;
using System.Net;
using StackExchange.Redis;

namespace RideTracking.Server.Store;

/// <summary>
/// Waits until replicas have what a connection has written, or has found written: a fail-over to one of them then forgets nothing of it. Calls
/// that come while one waits share the next wait. Thread-safe.
/// </summary>
/// <param name="database">The connection that writes. What is sent on it meanwhile waits, too.</param>
/// <param name="replicas">How many are to have it.</param>
/// <param name="timeout">How long it is waited for.</param>
public sealed class ReplicaWait(IDatabase database, int replicas, TimeSpan timeout)
{
    // It is only written so that there is something to wait for, and goes by itself.
    private static readonly TimeSpan MarkStays = TimeSpan.FromMinutes(1);

    // One for each master: those of a cluster hold different keys.
    private readonly ConcurrentDictionary<EndPoint, Rounds> _rounds = new();

    /// <summary>Completes when the replicas have all that the key's master had when this was called.</summary>
    /// <param name="key">One of those that were written.</param>
    /// <exception cref="ReplicasLateException">They had it not in time. It is written, and may be forgotten.</exception>
    /// <exception cref="RedisException">The store is away.</exception>
    public async Task ReplicatedAsync(RedisKey key)
    {
        var master = await database.IdentifyEndpointAsync(key, CommandFlags.DemandMaster)
            ?? throw new RedisConnectionException(ConnectionFailureType.UnableToResolvePhysicalConnection, CommandFlags.None, "Nobody holds the key.");
        await _rounds.GetOrAdd(master, _ => new Rounds()).NextAsync(() => WaitAsync(master, MarkOf(key)));
    }

    // WAIT goes by what its own connection has written. That may be nothing: another one may have died with the answer.
    private async Task WaitAsync(EndPoint master, RedisKey mark)
    {
        var server = database.Multiplexer.GetServer(master);
        var marking = server.ExecuteAsync("SET", [mark, "", "PX", (long)MarkStays.TotalMilliseconds], CommandFlags.NoRedirect);
        var waiting = server.ExecuteAsync("WAIT", [replicas, (long)timeout.TotalMilliseconds], CommandFlags.NoRedirect);
        await marking;
        if ((int)await waiting is var have && have < replicas)
        {
            throw new ReplicasLateException(
                $"NOREPLICAS {have} of {replicas} replicas (Store:WaitForReplicas) have what was written after {timeout}. It is kept, and acknowledged when they have it.");
        }
    }

    // In the key's slot.
    private static RedisKey MarkOf(RedisKey key)
    {
        string name = key!;
        var (open, close) = (name.IndexOf('{', StringComparison.Ordinal), name.IndexOf('}', StringComparison.Ordinal));
        return open >= 0 && close > open ? name[..(close + 1)] + ":mark" : name + ":mark";
    }

    /// <summary>One after the other: whoever comes while one is under way needs the next, which all of them share.</summary>
    private sealed class Rounds
    {
        private readonly Lock _lock = new();
        private Task _current = Task.CompletedTask;
        private Task? _next;

        public Task NextAsync(Func<Task> wait)
        {
            lock (_lock)
            {
                return _next ??= AfterAsync(_current, wait);
            }
        }

        private async Task AfterAsync(Task previous, Func<Task> wait)
        {
            // Yields in any case: nothing of this runs under the lock.
            await previous.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ForceYielding);
            var over = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            lock (_lock)
            {
                // From now on it is too late for this one: it is sent.
                (_current, _next) = (over.Task, null);
            }

            try
            {
                await wait();
            }
            finally
            {
                over.SetResult();
            }
        }
    }
}

/// <summary>Replicas did not have what was written in time.</summary>
public sealed class ReplicasLateException(string message) : RedisException(message);
