using Microsoft.Extensions.Options;
using RideTracking.Server.Store;

namespace RideTracking.Server.Trips;

/// <summary>
/// Keeps the book true: fills it from the store at start and each time the store comes back, mends what a lost reply left
/// in doubt, and lets trips go that have long been final.
/// </summary>
internal sealed partial class TripPresent(
    RedisStore store, TripStore trips, TripBook book, Dispatcher dispatcher, IOptions<TripOptions> options, TimeProvider time, ILogger<TripPresent> logger)
    : BackgroundService
{
    // Longer than any reply takes, so that nothing older than a final trip is still under way.
    private static readonly TimeSpan FinalStays = TimeSpan.FromMinutes(1);

    private volatile bool _stale = true;

    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        store.Trips.Multiplexer.ConnectionRestored += (_, _) => Reload();
        // Before the first driver connects, if the store is there.
        await LookAsync();
        await base.StartAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(options.Value.TickInterval, time);
        while (await WaitAsync(timer, stoppingToken))
        {
            await LookAsync();
            book.ForgetFinalBefore(time.GetUtcNow() - FinalStays);
        }
    }

    /// <summary>The store was away: what it holds is to be read again.</summary>
    internal void Reload() => _stale = true;

    internal async Task LookAsync()
    {
        try
        {
            if (_stale)
            {
                _stale = false;
                book.BeginReload();
                var (present, plans) = await trips.ReadPresentAsync();
                book.Replace(present, plans);
                foreach (var missed in book.Missed())
                {
                    book.Apply(await trips.ReadTripAsync(missed), []);
                }

                LogLoaded(present.Length, plans.Length);
            }

            await dispatcher.ResolveDoubtsAsync();
        }
        catch (Exception e) when (RedisStore.IsFailure(e))
        {
            // The store is away, which its connections have told; the next look tries again.
            _stale = true;
            LogWaiting(e.Message);
        }
    }

    private static async Task<bool> WaitAsync(PeriodicTimer timer, CancellationToken stopping)
    {
        try
        {
            return await timer.WaitForNextTickAsync(stopping);
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    [LoggerMessage(LogLevel.Information, "The present is loaded: {Trips} trips under way, {Plans} drivers' plans")]
    private partial void LogLoaded(int trips, int plans);

    [LoggerMessage(LogLevel.Debug, "Trips wait for the store: {Message}")]
    private partial void LogWaiting(string message);
}
