using System.Globalization;
using RideTracking.Server.Hosting;
using RideTracking.Server.Store;
using RideTracking.Server.Telemetry;

namespace RideTracking.Server.Areas;

/// <summary>
/// Once a second: what time it is in the area, for all nodes the same. The reading with the shortest way is kept, and gone on from by the
/// monotonic clock. A server that takes another's place with another time corrects the area's; any other step of its clock is followed,
/// and never backwards.
/// </summary>
internal sealed partial class StoreTime : LoopService
{
    // Less than this is the way's and the machines' oscillators' doing.
    private static readonly TimeSpan Step = TimeSpan.FromSeconds(1);

    // So long after the last node a replay on the same store begins anew.
    private static readonly TimeSpan ReplayStays = TimeSpan.FromMinutes(1);

    // Of an oscillator: for as long as a reading is good.
    private const double DriftOfClocks = 100e-6;

    private readonly Area _area;
    private readonly RedisStore _store;
    private readonly ReadStoreTime _read;
    private readonly ILogger<StoreTime> _logger;
    private (StoreReading Told, DateTimeOffset Time, long Timestamp, TimeSpan Error, DateTimeOffset Wall)? _kept;
    private readonly Lock _lock = new();
    private Task _reading = Task.CompletedTask;
    private volatile bool _isKnown;
    private double _skewSeconds;
    private bool _isSkewed;
    private bool _isOtherReplay;

    public StoreTime(Area area, RedisStore store, ReadStoreTime read, AreaMeter meter, AreaTroubles troubles, ILogger<StoreTime> logger)
        // Before anything goes by the time, if the store is there.
        : base(area.MachineLoop("store_time"), EverySecond, looksAtStart: true)
    {
        (_area, _store, _read, _logger) = (area, store, read, logger);
        area.TimeKnownAsync = KnownAsync;
        meter.Gauge("ridetracking.clock.skew", "s", "What the machine's clock says more than the store's.", () => Volatile.Read(ref _skewSeconds));
        troubles.Watch("clock", Skewed);
    }

    /// <summary>Whether the store has said what time it is.</summary>
    internal bool IsKnown => _isKnown;

    private TimeProvider Machine => _area.Clock.Machine;

    // Until the store has said it once, the area's time would be what the machine's clock says.
    private Task KnownAsync() => _isKnown ? Task.CompletedTask : LookAsync(CancellationToken.None);

    // One reading at a time, whoever wants it.
    protected override Task LookAsync(CancellationToken stopping)
    {
        lock (_lock)
        {
            return _reading = _reading.IsCompleted ? ReadAsync() : _reading;
        }
    }

    private async Task ReadAsync()
    {
        await ReadOnceAsync();
        _isKnown = true;
    }

    private async Task ReadOnceAsync()
    {
        var sent = Machine.GetTimestamp();
        if (await _read(_store, _area.Keys.TimeCorrection) is not { } told)
        {
            return;
        }

        var arrived = Machine.GetTimestamp();
        var halfWay = Machine.GetElapsedTime(sent, arrived) / 2;
        if (halfWay > Step && _kept is not null)
        {
            return; // It says less than the one that is kept.
        }

        var wall = Machine.GetUtcNow();
        var time = told.AreaTime + halfWay;
        TellSkew(wall - Machine.GetElapsedTime(arrived) - (told.Time + halfWay));
        if (_area.Clock.IsReplay)
        {
            await JoinReplayAsync(time);
        }

        if (_kept is { } kept)
        {
            var expected = kept.Time + Machine.GetElapsedTime(kept.Timestamp, arrived);
            if ((time - expected).Duration() <= Step + halfWay)
            {
                var error = kept.Error + (Machine.GetElapsedTime(kept.Timestamp, arrived) * DriftOfClocks);
                if (kept.Told.Run == told.Run && kept.Told.CorrectionMilliseconds == told.CorrectionMilliseconds && error <= halfWay)
                {
                    return;
                }
            }
            else if (kept.Told.Run != told.Run && (wall - kept.Wall - Machine.GetElapsedTime(kept.Timestamp, arrived)).Duration() <= Step)
            {
                var correction = told.CorrectionMilliseconds - (long)(time - expected).TotalMilliseconds;
                await StoreScript.TimeCorrect.RunAsync(_area.Writes, [_area.Keys.TimeCorrection], [told.CorrectionMilliseconds, correction]);
                LogCorrected(time - expected);
                return; // The next look finds what is so now, whoever was first.
            }
            else
            {
                LogStep(time - expected);
            }
        }

        _kept = (told, time, arrived, halfWay, wall);
        _area.Clock.Follow(time, arrived);
    }

    private async Task JoinReplayAsync(DateTimeOffset now)
    {
        // Who is at it goes on with it, also where the store has lost it.
        var (at, time) = _area.Clock.Joined ?? (now, _area.Clock.Start ?? now);
        var scale = _area.Clock.Scale.ToString("R", CultureInfo.InvariantCulture);
        var own = string.Create(CultureInfo.InvariantCulture, $"{at.ToUnixTimeMilliseconds()} {time.ToUnixTimeMilliseconds()} {scale}");
        var kept = ((string)(await StoreScript.Replay.RunAsync(_area.Writes, [_area.Keys.Replay], [own, (long)ReplayStays.TotalMilliseconds]))!).Split(' ');
        if (kept[2] == scale && (_area.Clock.Start is not { } start || TimeOf(kept[1]) == start))
        {
            _area.Clock.Join(TimeOf(kept[0]), TimeOf(kept[1]));
        }
        else if (!_isOtherReplay)
        {
            _isOtherReplay = true;
            LogOtherReplay(TimeOf(kept[1]), kept[2]);
        }

        static DateTimeOffset TimeOf(string text) => DateTimeOffset.FromUnixTimeMilliseconds(long.Parse(text, CultureInfo.InvariantCulture));
    }

    private Trouble? Skewed()
    {
        var seconds = Volatile.Read(ref _skewSeconds);
        return Math.Abs(seconds) <= Step.TotalSeconds ? null : new Trouble(string.Create(
            CultureInfo.InvariantCulture, $"this machine's is {seconds:0.0} s ahead of the store's: let both follow a time server. The city goes by the store's, tokens by this machine's"));
    }

    private void TellSkew(TimeSpan skew)
    {
        Volatile.Write(ref _skewSeconds, skew.TotalSeconds);
        if (skew.Duration() > Step && !_isSkewed)
        {
            LogSkew(skew);
        }

        _isSkewed = skew.Duration() > Step;
    }

    [LoggerMessage(
        LogLevel.Warning,
        "This machine's clock is {Skew} ahead of the store's. The city goes by the store's; tokens and certificates go by the machine's. Let both follow a time server")]
    private partial void LogSkew(TimeSpan skew);

    [LoggerMessage(
        LogLevel.Error,
        "The nodes that are there, or were a minute ago, replay from {Start:O} with --time-scale {Scale}, and this one otherwise: it goes its own way. Start all nodes alike, or wait a minute after the last of the others has ended")]
    private partial void LogOtherReplay(DateTimeOffset start, string scale);

    [LoggerMessage(LogLevel.Warning, "Another server of the store answers, whose clock is {Step} ahead of the one before: the area's time goes on as it was")]
    private partial void LogCorrected(TimeSpan step);

    [LoggerMessage(LogLevel.Warning, "The store's clock has made a step of {Step}, or this machine was asleep: it is followed, and never backwards")]
    private partial void LogStep(TimeSpan step);
}
