namespace RideTracking.Server.Hosting;

/// <summary>Looks after something at an interval, from the server's start to its stop.</summary>
/// <param name="loop">Its faults and its clock.</param>
/// <param name="interval">From one look to the next, by the loop's clock.</param>
/// <param name="looksAtStart">Whether it looks once before what is started after it, instead of an interval later.</param>
public abstract class LoopService(Loop loop, TimeSpan interval, bool looksAtStart = false) : BackgroundService
{
    /// <summary>The interval of most.</summary>
    protected static readonly TimeSpan EverySecond = TimeSpan.FromSeconds(1);

    /// <summary>When the last look that is over began: what was so by then has been seen. The minimum before the first.</summary>
    public DateTimeOffset LookedAt => loop.LookedAt;

    /// <summary>Whether it looks once before what is started after it, instead of an interval later.</summary>
    internal bool LooksAtStart => looksAtStart;

    /// <summary>For items of a look that are to be tried each by itself.</summary>
    protected Loop Loop => loop;

    /// <summary>One look that no fault comes out of: the first one at the start, or a simulation's step.</summary>
    public Task StepAsync(CancellationToken stopping) => loop.LookAsync(LookAsync, stopping);

    /// <inheritdoc/>
    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        if (looksAtStart)
        {
            await StepAsync(cancellationToken);
        }

        await base.StartAsync(cancellationToken);
    }

    /// <summary>One look, never twice at once. What it throws is the loop's to handle.</summary>
    protected abstract Task LookAsync(CancellationToken stopping);

    /// <inheritdoc/>
    protected sealed override Task ExecuteAsync(CancellationToken stoppingToken) => loop.EveryAsync(interval, LookAsync, stoppingToken);
}
