namespace RideTracking.Deploy.Tests;

/// <summary>Waits for what can be waited for in no other way: what another process has come to.</summary>
internal static class Until
{
    /// <summary>Nothing here takes as long; what does, never comes.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(50);

    /// <summary>Looks until it is so.</summary>
    /// <param name="isSo">A question that may fail for as long as a process is not there.</param>
    /// <param name="what">What is waited for, in words.</param>
    public static async Task SoAsync(Func<Task<bool>> isSo, string what)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        patience.CancelAfter(Patience);
        using var looks = new PeriodicTimer(LookInterval);
        Exception? last = null;
        while (true)
        {
            try
            {
                if (await isSo())
                {
                    return;
                }
            }
            catch (Exception e) when (e is HttpRequestException or System.Net.Sockets.SocketException or IOException)
            {
                last = e;
            }

            try
            {
                await looks.WaitForNextTickAsync(patience.Token);
            }
            catch (OperationCanceledException) when (!TestContext.Current.CancellationToken.IsCancellationRequested)
            {
                throw new TimeoutException($"Not within {Patience.TotalSeconds:F0} s: {what}. {last?.Message}", last);
            }
        }
    }

    public static Task SoAsync(Func<bool> isSo, string what) => SoAsync(() => Task.FromResult(isSo()), what);

    /// <summary>Lets time pass where the passing of time is what is tried: a silence that a time-out would cut.</summary>
    public static async Task PassedAsync(TimeSpan span)
    {
        using var timer = new PeriodicTimer(span);
        await timer.WaitForNextTickAsync(TestContext.Current.CancellationToken);
    }
}
