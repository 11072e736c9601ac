namespace RideTracking.Client.Tests.Fixtures;

/// <summary>How long a test waits before it says that nothing comes: it then fails rather than hangs.</summary>
public static class Patience
{
    public static CancellationToken Token => For(TimeSpan.FromSeconds(30));

    /// <summary>For what takes its time.</summary>
    public static CancellationToken LongToken => For(TimeSpan.FromMinutes(3));

    /// <summary>Waits until something is so.</summary>
    public static Task UntilAsync(Func<bool> so) => WaitAsync(so, LongToken);

    /// <summary>Waits for what a city comes to by chance, in its own time.</summary>
    public static Task EventuallyAsync(Func<bool> so) => WaitAsync(so, For(TimeSpan.FromMinutes(10)));

    private static async Task WaitAsync(Func<bool> so, CancellationToken patience)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
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
