namespace RideTracking.Server.Hosting;

/// <summary>Looks after something once a second, from the server's start to its stop.</summary>
/// <param name="clock">Whose seconds.</param>
public abstract class OnceASecond(TimeProvider clock) : BackgroundService
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    /// <summary>Whose seconds.</summary>
    protected TimeProvider Clock { get; } = clock;

    /// <summary>Called again a second after the last call at the earliest, never twice at once. An exception ends the server.</summary>
    protected abstract Task LookAsync();

    /// <inheritdoc/>
    protected sealed override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Second, Clock);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                await LookAsync();
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The server stops; what is to go on, the next one takes up.
        }
    }
}
