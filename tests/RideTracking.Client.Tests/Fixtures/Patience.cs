namespace RideTracking.Client.Tests.Fixtures;

/// <summary>How long a test waits before it says that nothing comes: it then fails rather than hangs.</summary>
public static class Patience
{
    public static CancellationToken Token => For(TimeSpan.FromSeconds(30));

    /// <summary>For what takes its time.</summary>
    public static CancellationToken LongToken => For(TimeSpan.FromMinutes(3));

    /// <summary>Waits until something is so.</summary>
    public static async Task UntilAsync(Func<bool> so)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        var patience = LongToken;
        while (!so())
            await timer.WaitForNextTickAsync(patience);
    }

    private static CancellationToken For(TimeSpan time)
    {
        var source = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        source.CancelAfter(time);
        return source.Token;
    }
}
