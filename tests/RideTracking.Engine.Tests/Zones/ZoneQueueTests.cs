using RideTracking.Engine.Zones;

namespace RideTracking.Engine.Tests.Zones;

public class ZoneQueueTests
{
    private readonly ZoneQueue _queue = new(new ZoneQueueLimits());
    private readonly List<QueuePlace> _told = [];

    [Fact]
    public void First_in_first_out_by_time_then_id()
    {
        _queue.Join("c", 10, Token(1), _told);
        _queue.Join("b", 20, Token(2), _told);
        _queue.Join("a", 20, Token(3), _told); // learnt later, joined as early as b
        Assert.Equal(["c", "a", "b"], _queue.Ready());
        Assert.Equal([("c", 1), ("b", 2), ("a", 2), ("b", 3)], Told());
        Assert.True(_queue.Leave("c", null, _told));
        Assert.Equal([("c", 0), ("a", 1), ("b", 2)], Told());
        Assert.Equal((0, 1, 2), (_queue.PlaceOf("c"), _queue.PlaceOf("a"), _queue.PlaceOf("b")));
        Assert.False(_queue.Leave("c", null, _told));
    }

    [Fact]
    public void A_short_loss_keeps_the_place_and_a_long_one_does_not()
    {
        _queue.Join("a", 0, Token(1), _told);
        _queue.Join("b", 1, Token(2), _told);
        Assert.True(_queue.Away("a", 10_000));
        Assert.True(_queue.Away("a", 100_000));
        Assert.Equal(["b"], _queue.Ready());
        Assert.Equal(1, _queue.PlaceOf("a"));
        Assert.Equal(0, _queue.Expire(190_000, _told));
        _queue.Join("a", 190_000, Token(3), _told); // came in again within the grace
        Assert.Equal(["a", "b"], _queue.Ready());
        _queue.Away("a", 200_000);
        Assert.True(_queue.Back("a"));
        _queue.Away("a", 300_000);
        Told();
        Assert.Equal(1, _queue.Expire(480_001, _told));
        Assert.Equal([("a", 0), ("b", 1)], Told());
        _queue.Join("a", 500_000, Token(4), _told);
        Assert.Equal(["b", "a"], _queue.Ready());
        Assert.False(_queue.Away("x", 1));
        Assert.False(_queue.Back("x"));
    }

    [Fact]
    public void Who_comes_back_after_the_grace_joins_at_the_end_even_before_the_sweep()
    {
        _queue.Join("a", 0, Token(1), _told);
        _queue.Join("b", 1, Token(2), _told);
        _queue.Away("a", 1_000);
        _queue.Join("a", 1_000_000, Token(3), _told);
        Assert.Equal(["b", "a"], _queue.Ready());
        _queue.Join("a", 1_000_000, Token(3), _told); // a repeat
        Assert.Equal(2, _queue.Count);
    }

    [Fact]
    public void An_old_stay_is_left_without_ending_the_new_one()
    {
        _queue.Join("a", 0, Token(1), _told);
        _queue.Leave("a", Token(1), _told);
        _queue.Join("a", 5, Token(2), _told);
        Assert.False(_queue.Leave("a", Token(1), _told));
        Assert.Equal(1, _queue.PlaceOf("a"));
    }

    [Fact]
    public void In_a_long_queue_few_are_told()
    {
        for (int i = 0; i < 1_000; i++)
        {
            _queue.Join($"d{i:0000}", i, Token(i), _told);
        }

        Assert.Equal(1_000, Told().Length);
        _queue.Leave("d0000", null, _told);
        (string Driver, int Place)[] told = Told();
        Assert.Equal(Enumerable.Range(1, 10), told.Skip(1).Take(10).Select(each => each.Place));
        Assert.InRange(told.Length, 11, 40);
        Assert.All(told.Skip(1), each => Assert.True(each.Place >= _queue.PlaceOf(each.Driver)));
    }

    [Fact]
    public void Kept_entries_make_the_same_queue_again()
    {
        var random = new Random(9);
        for (int step = 0; step < 2_000; step++)
        {
            string driver = $"d{random.Next(60)}";
            switch (random.Next(5))
            {
                case 0 or 1:
                    _queue.Join(driver, step * 1_000 - random.Next(3_000), Token(step), _told);
                    break;
                case 2:
                    _queue.Leave(driver, null, _told);
                    break;
                case 3:
                    _queue.Away(driver, step * 1_000);
                    break;
                default:
                    _queue.Expire(step * 1_000, _told);
                    break;
            }

            Assert.Equal(
                _queue.Entries.OrderBy(entry => entry.JoinedAtUnixMs).ThenBy(entry => entry.DriverId, StringComparer.Ordinal),
                _queue.Entries);
        }

        var again = new ZoneQueue(new ZoneQueueLimits());
        again.Restore(_queue.Entries.Reverse());
        Assert.Equal(_queue.Entries, again.Entries);
        Told();
        again.Clear(_told);
        Assert.Equal(_queue.Count, _told.Count);
        Assert.Equal(0, again.Count);
    }

    private static Guid Token(int number) => new(number, 0, 0, new byte[8]);

    private (string Driver, int Place)[] Told()
    {
        (string, int)[] told = [.. _told.Select(each => (each.DriverId, each.Place))];
        _told.Clear();
        return told;
    }
}
