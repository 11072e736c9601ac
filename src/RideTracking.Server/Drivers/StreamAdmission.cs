using System.Collections.Concurrent;
using Grpc.Core;
using Microsoft.Extensions.Options;
using RideTracking.Server.Areas;
using RideTracking.Server.Protocol;
using RideTracking.Server.Telemetry;

namespace RideTracking.Server.Drivers;

/// <summary>
/// How many streams are opened at once, and how often a driver's in a minute, on this node. When another node dies all of its drivers come
/// at once: those who are let in get on quickly, and the others are told when to come again, which the app spreads. Thread-safe.
/// </summary>
internal sealed class StreamAdmission
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan WhenFull = TimeSpan.FromSeconds(2);
    private static readonly KeyValuePair<string, object?> TooMany = new("reason", "too_many_opening");
    private static readonly KeyValuePair<string, object?> TooOften = new("reason", "too_often");

    private readonly StreamOptions _options;
    private readonly TimeProvider _machine;
    private readonly AreaCounter _refused;
    private int _opening;

    // Of this minute. Bounded by the drivers who connect in it.
    private volatile Connects _connects;

    public StreamAdmission(IOptions<StreamOptions> options, Area area, AreaMeter meter)
    {
        (_options, _machine) = (options.Value, area.Clock.Machine);
        _connects = new Connects(_machine.GetTimestamp());
        _refused = meter.Counter("ridetracking.streams.refused", "{stream}", "Drivers' streams that were told to come again later, by reason.");
    }

    /// <summary>A stream is about to be opened, until it is disposed.</summary>
    /// <exception cref="RpcException">RESOURCE_EXHAUSTED with RetryInfo: too many are, or this driver's too often.</exception>
    public IDisposable Enter(string driverId)
    {
        if (Interlocked.Increment(ref _opening) > _options.MaxOpening)
        {
            Interlocked.Decrement(ref _opening);
            _refused.Add(1, TooMany);
            throw Refusal.Later("TOO_MANY_OPENING", $"{_options.MaxOpening} streams are being opened already (Streams:MaxOpening).", WhenFull).ToRpcException();
        }

        // Who is told to wait costs nothing of that.
        if (WaitOf(driverId) is { } wait)
        {
            Interlocked.Decrement(ref _opening);
            _refused.Add(1, TooOften);
            throw Refusal.Later(
                "CONNECTS_TOO_OFTEN", $"This driver has connected {_options.MaxConnectsPerMinute} times in this minute (Streams:MaxConnectsPerMinute). After TAKEN_OVER an app must not come back by itself.", wait).ToRpcException();
        }

        return new Opening(this);
    }

    private TimeSpan? WaitOf(string driverId)
    {
        var connects = _connects;
        var passed = _machine.GetElapsedTime(connects.Since);
        if (passed >= Minute)
        {
            // Of two who come at once one may count in a minute that is over.
            _connects = connects = new Connects(_machine.GetTimestamp());
            passed = TimeSpan.Zero;
        }

        return connects.Of.AddOrUpdate(driverId, 1, static (_, count) => count + 1) > _options.MaxConnectsPerMinute ? Minute - passed : null;
    }

    private sealed class Opening(StreamAdmission admission) : IDisposable
    {
        public void Dispose() => Interlocked.Decrement(ref admission._opening);
    }

    private sealed record Connects(long Since)
    {
        public ConcurrentDictionary<string, int> Of { get; } = new(StringComparer.Ordinal);
    }
}
