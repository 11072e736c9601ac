using RideTracking.Server.Hosting;

namespace RideTracking.Server.Tests.Hosting;

public sealed class TurnsTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task One_at_a_time_in_the_order_in_which_they_asked()
    {
        var turns = new Turns();
        var (done, inside) = (new List<int>(), 0);
        await turns.TakeAsync(Cancel);
        var waiting = Enumerable.Range(0, 5).Select(i => turns.RunAsync(
            async () =>
            {
                Assert.Equal(1, ++inside);
                await Task.Yield();
                done.Add(i);
                inside--;
            },
            Cancel)).ToArray();
        Assert.Empty(done);

        turns.Give();
        await Task.WhenAll(waiting);

        Assert.Equal([0, 1, 2, 3, 4], done);
    }

    [Fact]
    public async Task Who_waits_no_longer_is_passed_over()
    {
        var turns = new Turns();
        using var leaving = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        await turns.TakeAsync(Cancel);
        var first = turns.TakeAsync(leaving.Token);
        var second = turns.TakeAsync(Cancel);

        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        Assert.False(second.IsCompleted);
        turns.Give();
        await second;

        turns.Give();
        await turns.TakeAsync(Cancel);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => turns.TakeAsync(leaving.Token));
    }

    [Fact]
    public async Task What_fails_gives_its_turn_up()
    {
        var turns = new Turns();
        await Assert.ThrowsAsync<InvalidOperationException>(() => turns.RunAsync(() => throw new InvalidOperationException(), Cancel));
        await turns.TakeAsync(Cancel);
    }
}
