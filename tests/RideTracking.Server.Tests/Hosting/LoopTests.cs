using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using RideTracking.Server.Hosting;

namespace RideTracking.Server.Tests.Hosting;

public sealed class LoopTests : IDisposable
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 1, 1, 8, 0, 0, TimeSpan.Zero));
    private readonly Told _told = new();
    private readonly Meter _meter = new("loop-tests");
    private readonly MeterListener _listener = new();
    private readonly ConcurrentDictionary<string, long> _counted = new();
    private readonly Loop _loop;

    public LoopTests()
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter == _meter)
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) =>
        {
            var name = instrument.Name.Replace("ridetracking.loops.", "", StringComparison.Ordinal) + string.Concat(
                tags.ToArray().Where(t => t.Key == "outcome").Select(t => $" {t.Value}"));
            _counted.AddOrUpdate(name, value, (_, sum) => sum + value);
        });
        _listener.Start();
        _loop = new Loops(new LoopMetrics(_meter), e => e is TimeoutException, new LoggerFactory([_told])).Create("the_loop", _time);
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _listener.Dispose();
        _meter.Dispose();
    }

    [Fact]
    public async Task A_bad_item_starves_no_other_is_told_once_counted_backed_off_and_recovers()
    {
        var tried = new Dictionary<string, List<int>> { ["bad"] = [], ["good"] = [] };
        var isMended = false;
        await LookAsync(40, async (look, stopping) =>
        {
            isMended = look > 20;
            foreach (var item in tried.Keys)
            {
                await _loop.TryAsync(
                    item,
                    () =>
                    {
                        tried[item].Add(look);
                        return item == "bad" && !isMended ? throw new InvalidOperationException("poison") : Task.CompletedTask;
                    },
                    stopping);
            }
        });

        Assert.Equal(Enumerable.Range(1, 40), tried["good"]);
        // After waits of 1, 2, 4, 8 and 16 seconds; then it is well and there each time.
        Assert.Equal([1, 2, 4, 8, 16, .. Enumerable.Range(32, 9)], tried["bad"]);
        Assert.Equal(["Error: The loop the_loop failed at bad", "Information: The loop the_loop does not fail at bad any more"], _told.Beginnings);
        Assert.Equal((5, 0, 40), (_counted["faults"], _counted["faulty"], _counted["looks done"]));
    }

    [Fact]
    public async Task A_look_that_throws_does_not_end_the_loop_and_is_backed_off_to_a_minute()
    {
        var tried = new List<int>();
        await LookAsync(250, (look, _) =>
        {
            tried.Add(look);
            throw new InvalidOperationException("poison");
        });

        Assert.Equal([1, 2, 4, 8, 16, 32, 64, 124, 184, 244], tried);
        Assert.Equal(["Error: The loop the_loop failed"], _told.Beginnings);
        Assert.Equal((10, 240), (_counted["looks fault"], _counted["looks backed_off"]));
    }

    [Fact]
    public async Task Failing_in_another_way_is_told_again()
    {
        await LookAsync(20, (look, stopping) => _loop.TryAsync("bad", () => throw new InvalidOperationException(look < 5 ? "one" : "another"), stopping));
        Assert.Equal(2, _told.Beginnings.Count);
    }

    [Fact]
    public async Task What_passes_by_itself_is_no_fault_ends_the_look_and_is_tried_at_the_next()
    {
        var behind = 0;
        await LookAsync(10, async (look, stopping) =>
        {
            await _loop.TryAsync("item", () => look <= 5 ? throw new TimeoutException() : Task.CompletedTask, stopping);
            behind++;
        });

        Assert.Equal(5, behind);
        Assert.Empty(_told.Beginnings);
        Assert.Equal((5, 5), (_counted["looks waiting"], _counted["looks done"]));
        Assert.False(_counted.ContainsKey("faults"));
    }

    [Fact]
    public async Task An_item_that_is_there_no_more_is_forgotten()
    {
        await LookAsync(400, (look, stopping) => look == 1 ? _loop.TryAsync("bad", () => throw new InvalidOperationException("poison"), stopping) : Task.CompletedTask);
        Assert.Equal(0, _counted["faulty"]);
        await _loop.TryAsync("bad", () => throw new InvalidOperationException("poison"), Cancel);
        Assert.Equal(2, _told.Beginnings.Count);
    }

    [Fact]
    public async Task The_memory_of_faulty_items_is_bounded()
    {
        for (var i = 0; i < FaultyItems.Most + 100; i++)
        {
            Assert.False(await _loop.TryAsync($"{i}", () => throw new InvalidOperationException("poison"), Cancel));
        }

        Assert.Equal((FaultyItems.Most + 100, FaultyItems.Most), (_counted["faults"], _counted["faulty"]));
        Assert.Equal(FaultyItems.Most + 1, _told.Beginnings.Count);
    }

    [Fact]
    public async Task A_cancellation_is_a_fault_unless_the_server_stops()
    {
        using var other = new CancellationTokenSource();
        await other.CancelAsync();
        Assert.Equal(LookOutcome.Fault, await _loop.LookAsync(_ => Task.FromCanceled(other.Token), Cancel));
        _time.Advance(Second);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => _loop.LookAsync(Task.FromCanceled, other.Token));
    }

    [Fact]
    public async Task A_loop_that_waits_for_something_goes_on_behind_a_bad_one()
    {
        var items = Channel.CreateUnbounded<int>();
        var taken = Channel.CreateUnbounded<int>();
        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        var running = _loop.WheneverAsync(
            items.Reader.WaitToReadAsync,
            _ =>
            {
                items.Reader.TryRead(out var item);
                taken.Writer.TryWrite(item);
                return item == 1 ? throw new InvalidOperationException("poison") : Task.CompletedTask;
            },
            stopping.Token);
        items.Writer.TryWrite(1);
        items.Writer.TryWrite(2);
        Assert.Equal(1, await taken.Reader.ReadAsync(Cancel));
        await WaitedForAsync(taken.Reader);
        Assert.Equal(2, await taken.Reader.ReadAsync(Cancel));
        items.Writer.Complete();
        await running;
    }

    [Fact]
    public async Task What_is_to_be_done_once_is_tried_until_it_is_done()
    {
        var tries = Channel.CreateUnbounded<int>();
        var number = 0;
        var running = _loop.UntilDoneAsync(
            _ =>
            {
                tries.Writer.TryWrite(++number);
                return number switch { 1 => throw new TimeoutException(), 2 => throw new InvalidOperationException("poison"), _ => Task.CompletedTask };
            },
            Cancel);
        for (var expected = 1; expected <= 3; expected++)
        {
            await WaitedForAsync(tries.Reader);
            Assert.Equal(expected, await tries.Reader.ReadAsync(Cancel));
        }

        await running;
        Assert.Equal(["Error: The loop the_loop failed", "Information: The loop the_loop is well again"], _told.Beginnings);
    }

    [Fact]
    public async Task The_waits_of_a_backoff_double_up_to_the_longest()
    {
        var backoff = new Backoff(Second, 5 * Second);
        Assert.Equal([1, 2, 4, 5, 5], Enumerable.Range(0, 5).Select(_ => backoff.Next().TotalSeconds));
        backoff.Reset();
        Assert.Equal(Second, backoff.Next());
        var tries = 0;
        Assert.Equal(1, await new Backoff(TimeSpan.FromTicks(1), TimeSpan.FromTicks(1)).RetryAsync(
            () => tries++ == 0 ? throw new TimeoutException() : Task.FromResult(tries - 1), e => e is TimeoutException, TimeProvider.System, Cancel));
    }

    // Looks once a second; the clock moves when the last look is over.
    private async Task LookAsync(int looks, Func<int, CancellationToken, Task> look)
    {
        var seen = Channel.CreateUnbounded<int>();
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, l) =>
        {
            if (instrument.Meter == _meter && instrument.Name == "ridetracking.loops.looks")
            {
                l.EnableMeasurementEvents(instrument);
            }
        };
        listener.SetMeasurementEventCallback<long>((_, _, _, _) => seen.Writer.TryWrite(1));
        listener.Start();
        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        var number = 0;
        var running = _loop.EveryAsync(Second, token => look(number, token), stopping.Token);
        while (number < looks)
        {
            number++;
            _time.Advance(Second);
            await seen.Reader.ReadAsync(Cancel);
        }

        await stopping.CancelAsync();
        await running;
    }

    // The wait begins on another thread, some time after what caused it was seen.
    private async Task WaitedForAsync(ChannelReader<int> something)
    {
        while (!something.TryPeek(out _))
        {
            _time.Advance(Second);
            await Task.Yield();
        }
    }

    private sealed class Told : ILoggerProvider, ILogger
    {
        private readonly ConcurrentQueue<string> _lines = new();

        // Up to the first full stop or semicolon.
        public IReadOnlyList<string> Beginnings => [.. _lines.Select(line => line.Split(';', '.')[0])];

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Information;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (IsEnabled(logLevel))
            {
                _lines.Enqueue($"{logLevel}: {formatter(state, exception)}");
            }
        }

        public void Dispose()
        {
        }
    }
}
