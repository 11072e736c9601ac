using CsCheck;
using RideTracking.Engine.Fanout;
using RideTracking.Engine.Geo;
using RideTracking.Engine.Index;
using RideTracking.Engine.Tests.Index;

namespace RideTracking.Engine.Tests.Fanout;

public class PositionFanoutTests
{
    private static readonly GeoRectangle City = new(41, -9, 42, -8);
    private static readonly GeoPoint Inside = new(41.5, -8.5), Elsewhere = new(10, 10);
    private readonly DriverIndex _index = new();
    private readonly PositionFanout _fanout;
    private long _time;
    private int _wakes;

    public PositionFanoutTests() => _fanout = new PositionFanout(_index);

    [Fact]
    public void A_follower_gets_the_newest_and_is_woken_once_until_it_takes()
    {
        Move(1, Inside);
        using DriverMailbox mailbox = _fanout.Follow(1, () => _wakes++);
        Assert.True(mailbox.TryTake(out DriverEntry driver)); // what was there before
        Assert.Equal(Inside, driver.Fix.Point);
        Assert.False(mailbox.TryTake(out _));
        Assert.Equal(0, _wakes);
        Move(1, Elsewhere);
        Move(2, Inside);
        Move(1, new(1, 1));
        Assert.Equal(1, _wakes);
        Assert.True(mailbox.TryTake(out driver));
        Assert.Equal(new GeoPoint(1, 1), driver.Fix.Point);
        Assert.False(mailbox.TryTake(out _));
        Move(1, new(2, 2));
        Assert.Equal(2, _wakes);
    }

    [Fact]
    public void A_follower_hears_of_status_and_of_the_end()
    {
        Move(1, Inside);
        using DriverMailbox mailbox = _fanout.Follow(1, () => { });
        _fanout.Publish(_index.SetLink(1, DriverLink.Lost));
        Assert.True(mailbox.TryTake(out DriverEntry driver));
        Assert.Equal(DriverLink.Lost, driver.Status.Link);
        Sweep(_time + 1);
        Assert.True(mailbox.TryTake(out driver));
        Assert.False(driver.HasFix);
    }

    [Fact]
    public void Who_stopped_following_is_left_alone_and_others_are_not()
    {
        DriverMailbox first = _fanout.Follow(1, () => _wakes += 100);
        using DriverMailbox second = _fanout.Follow(1, () => _wakes++);
        first.TryTake(out _);
        second.TryTake(out _);
        first.Dispose();
        first.Dispose();
        Move(1, Inside);
        Assert.Equal(1, _wakes);
    }

    [Fact]
    public void A_watcher_sees_who_is_there_enters_changes_and_leaves_each_once()
    {
        Move(1, Inside);
        Move(2, Elsewhere);
        using ViewportMailbox mailbox = _fanout.Watch(City, () => _wakes++);
        Assert.Equal([(1, ViewportChangeKind.Entered)], Drain(mailbox));
        Assert.Equal(0, _wakes);
        Move(1, new(41.6, -8.4));
        Move(1, new(41.7, -8.3));
        Move(2, Inside);
        Move(3, Elsewhere);
        Assert.Equal(1, _wakes);
        Assert.Equal([(1, ViewportChangeKind.Changed), (2, ViewportChangeKind.Entered)], Drain(mailbox).Order());
        Assert.Empty(Drain(mailbox));
        _fanout.Publish(_index.SetLink(2, DriverLink.Connected));
        Move(1, Elsewhere);
        Assert.Equal([(1, ViewportChangeKind.Left), (2, ViewportChangeKind.Changed)], Drain(mailbox).Order());
        Move(1, new(11, 11));
        Sweep(_time);
        Assert.Equal([(2, ViewportChangeKind.Left)], Drain(mailbox));
        Assert.Equal(3, _wakes);
    }

    [Fact]
    public void Who_passed_through_between_two_looks_was_never_there()
    {
        using ViewportMailbox mailbox = _fanout.Watch(City, () => { });
        Move(1, Elsewhere);
        Move(1, Inside);
        Move(1, Elsewhere);
        Assert.Empty(Drain(mailbox));
    }

    [Fact]
    public void A_watcher_that_looked_away_for_long_gets_each_driver_once()
    {
        using ViewportMailbox mailbox = _fanout.Watch(City, () => { });
        for (int round = 0; round < 20; round++)
        {
            for (int slot = 0; slot < 300; slot++)
            {
                Move(slot, new(41 + slot / 300.0, -8.5));
            }
        }

        Assert.Equal(Enumerable.Range(0, 300).Select(slot => (slot, ViewportChangeKind.Entered)), Drain(mailbox));
    }

    [Fact]
    public void Nobody_waits_for_those_with_lower_slots()
    {
        using ViewportMailbox mailbox = _fanout.Watch(City, () => { });
        var one = new ViewportChange[1];
        var told = new HashSet<int>();
        for (int round = 0; round < 200; round++)
        {
            for (int slot = 0; slot < 200; slot++)
            {
                Move(slot, Inside); // all of them again before each look at one
            }

            Assert.Equal(1, mailbox.Drain(one));
            Assert.True(told.Add(one[0].Driver.Slot));
        }
    }

    [Fact]
    public void Who_stopped_watching_is_left_alone_and_others_are_not()
    {
        ViewportMailbox first = _fanout.Watch(City, () => _wakes += 100);
        ViewportMailbox world = _fanout.Watch(GeoRectangle.World, () => _wakes += 10);
        using ViewportMailbox second = _fanout.Watch(City, () => _wakes++);
        foreach (ViewportMailbox mailbox in (ViewportMailbox[])[first, second, world])
        {
            Drain(mailbox);
        }

        first.Dispose();
        first.Dispose();
        Move(1, Inside);
        Assert.Equal(11, _wakes);
        world.Dispose();
        Drain(second);
        Move(1, Inside);
        Assert.Equal(12, _wakes);
    }

    [Fact]
    public void A_new_viewport_may_hold_a_whole_fleet()
    {
        for (int slot = 0; slot < 10_000; slot++)
        {
            Move(slot, slot % 2 == 0 ? Inside : Elsewhere);
        }

        using ViewportMailbox mailbox = _fanout.Watch(City, () => { });
        Assert.Equal(
            Enumerable.Range(0, 5_000).Select(half => (half * 2, ViewportChangeKind.Entered)), Drain(mailbox));
    }

    [Fact]
    public async Task A_wake_is_called_outside_of_locks()
    {
        using DriverMailbox driver = _fanout.Follow(1, SubscribeElsewhere);
        using ViewportMailbox viewport = _fanout.Watch(City, SubscribeElsewhere);
        driver.TryTake(out _);
        Drain(viewport);
        await Task.Run(() => Move(1, Inside), TestContext.Current.CancellationToken)
            .WaitAsync(TimeSpan.FromMinutes(1), TestContext.Current.CancellationToken);
        Assert.Equal(2, _wakes);

        // Blocks for ever if the publisher holds a lock that subscribing, changing or searching needs.
        void SubscribeElsewhere()
        {
            Task.Run(() =>
            {
                using DriverMailbox other = _fanout.Follow(1, () => { });
                using ViewportMailbox another = _fanout.Watch(City, () => { });
                _index.SetLink(1, DriverLink.Connected);
            }).GetAwaiter().GetResult();
            _wakes++;
        }
    }

    [Fact]
    public void What_a_watcher_was_told_adds_up_to_what_is_there() =>
        Gen.Select(
            Places.Anywhere,
            Gen.OneOf(0.01, 0.5, 30),
            Gen.Select(Gen.Int[0, 9], Gen.Int[0, 30], Gen.Double[0, 360], Gen.Double[0, 2]).Array[1, 200],
            Gen.Int[1, 40]).Sample(
            (center, halfSize, steps, room) =>
            {
                var area = new GeoRectangle(
                    Math.Max(-90, center.LatitudeDegrees - halfSize),
                    Earth.WrapLongitude(center.LongitudeDegrees - halfSize),
                    Math.Min(90, center.LatitudeDegrees + halfSize),
                    Earth.WrapLongitude(center.LongitudeDegrees + halfSize));
                var index = new DriverIndex(5_000);
                var fanout = new PositionFanout(index);
                var changes = new ViewportChange[room];
                var told = new Dictionary<int, DriverEntry>();
                ViewportMailbox? mailbox = null;
                long time = 0;
                foreach ((int operation, int slot, double bearing, double distance) in steps)
                {
                    DriverChange change = default;
                    if (operation == 0)
                    {
                        mailbox ??= fanout.Watch(area, () => { });
                        Tell(told, mailbox, changes, drains: 1);
                    }
                    else if (operation == 1
                        ? index.Remove(slot, out change)
                        : index.Update(slot, World.FixAt(Earth.Destination(
                            center, bearing, distance * halfSize * Earth.MetersPerDegree), ++time), out change))
                    {
                        fanout.Publish(change);
                    }
                }

                mailbox ??= fanout.Watch(area, () => { });
                Tell(told, mailbox, changes, drains: int.MaxValue);
                AssertTold(index, area, told);
            },
            iter: 200);

    [Fact]
    public async Task Nothing_is_lost_between_publishers_and_those_who_subscribe_meanwhile()
    {
        CancellationToken cancel = TestContext.Current.CancellationToken;
        for (int round = 0; round < 25; round++)
        {
            using var start = new Barrier(3);
            Task[] publishers = [.. Enumerable.Range(0, 2).Select(publisher => Task.Run(
                () =>
                {
                    start.SignalAndWait(cancel);
                    for (int step = 0; step < 40; step++)
                    {
                        for (int slot = publisher; slot < 20; slot += 2)
                        {
                            Move(slot, (step + slot) % 3 == 0 ? Elsewhere : new(41.5, -8.5 + step / 1000.0));
                        }

                        Thread.Yield(); // more ways to interleave
                    }
                },
                cancel))];
            start.SignalAndWait(cancel);
            int driverWakes = 0, viewportWakes = 0;
            using DriverMailbox driver = _fanout.Follow(round % 20, () => Interlocked.Increment(ref driverWakes));
            using ViewportMailbox viewport = _fanout.Watch(City, () => Interlocked.Increment(ref viewportWakes));
            var told = new Dictionary<int, DriverEntry>();
            var changes = new ViewportChange[7];
            Tell(told, viewport, changes, drains: int.MaxValue);
            driver.TryTake(out DriverEntry newest);
            int seenDriverWakes = 0, seenViewportWakes = 0;
            while (!publishers.All(publisher => publisher.IsCompleted))
            {
                Look();
            }

            await Task.WhenAll(publishers);
            Look(); // only if woken: a wake that is missing leaves an old state
            Assert.True(_index.TryGet(round % 20, out DriverEntry expected));
            Assert.Equal(expected, newest);
            AssertTold(_index, City, told);

            void Look()
            {
                int wakes = Volatile.Read(ref driverWakes);
                if (wakes != seenDriverWakes)
                {
                    seenDriverWakes = wakes;
                    Assert.True(driver.TryTake(out newest));
                }

                wakes = Volatile.Read(ref viewportWakes);
                if (wakes != seenViewportWakes)
                {
                    seenViewportWakes = wakes;
                    Tell(told, viewport, changes, drains: int.MaxValue);
                }
            }
        }
    }

    private static void Tell(
        Dictionary<int, DriverEntry> told, ViewportMailbox mailbox, ViewportChange[] changes, int drains)
    {
        int count = changes.Length;
        for (int drain = 0; drain < drains && count == changes.Length; drain++)
        {
            count = mailbox.Drain(changes);
            foreach ((ViewportChangeKind kind, DriverEntry driver) in changes.AsSpan(0, count))
            {
                Assert.Equal(kind != ViewportChangeKind.Entered, told.ContainsKey(driver.Slot));
                if (kind == ViewportChangeKind.Left)
                {
                    told.Remove(driver.Slot);
                }
                else
                {
                    told[driver.Slot] = driver;
                }
            }
        }
    }

    private static void AssertTold(DriverIndex index, GeoRectangle area, Dictionary<int, DriverEntry> told)
    {
        var inside = new DriverEntry[100];
        int count = index.Within(area, inside);
        Assert.Equal(inside.Take(count).OrderBy(driver => driver.Slot), told.Values.OrderBy(driver => driver.Slot));
    }

    private static List<(int Slot, ViewportChangeKind Kind)> Drain(ViewportMailbox mailbox)
    {
        var drained = new List<(int, ViewportChangeKind)>();
        var changes = new ViewportChange[64];
        int count;
        do
        {
            count = mailbox.Drain(changes);
            drained.AddRange(changes.Take(count).Select(change => (change.Driver.Slot, change.Kind)));
        }
        while (count == changes.Length);
        return drained;
    }

    private void Move(int slot, GeoPoint place)
    {
        if (_index.Update(slot, World.FixAt(place, Interlocked.Increment(ref _time)), out DriverChange change))
        {
            _fanout.Publish(change);
        }
    }

    private void Sweep(long olderThan)
    {
        var left = new DriverChange[10];
        foreach (DriverChange change in left.AsSpan(0, _index.SweepStale(olderThan, left)))
        {
            _fanout.Publish(change);
        }
    }
}
