using Microsoft.Extensions.Options;
using RideTracking.Server.Hosting;
using RideTracking.Server.Store;

namespace RideTracking.Server.Trips;

/// <summary>
/// Keeps the book true: fills it from the store at start and each time the store comes back, mends what a lost reply left
/// in doubt, and lets trips go that have long been final.
/// </summary>
internal sealed partial class TripPresent(
    RedisStore store, TripStore trips, TripBook book, Dispatcher dispatcher, IOptions<TripOptions> options, TimeProvider time, Loops loops,
    ILogger<TripPresent> logger)
    : LoopService(loops.Create("trip_present", time), options.Value.TickInterval)
{
    // Longer than any reply takes, so that nothing older than a final trip is still under way.
    private static readonly TimeSpan FinalStays = TimeSpan.FromMinutes(1);

    private volatile bool _stale = true;

    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        store.Trips.Multiplexer.ConnectionRestored += (_, _) => Reload();
        // Before the first driver connects, if the store is there.
        await StepAsync(cancellationToken);
        await base.StartAsync(cancellationToken);
    }

    /// <summary>The store was away: what it holds is to be read again.</summary>
    internal void Reload() => _stale = true;

    protected override async Task LookAsync(CancellationToken stopping)
    {
        if (_stale)
        {
            _stale = false;
            try
            {
                await LoadAsync(stopping);
            }
            catch
            {
                _stale = true;
                throw;
            }
        }

        await dispatcher.ResolveDoubtsAsync(Loop, stopping);
        book.ForgetFinalBefore(time.GetUtcNow() - FinalStays);
    }

    private async Task LoadAsync(CancellationToken stopping)
    {
        book.BeginReload();
        var (present, plans) = await trips.ReadPresentAsync();
        book.Replace(present, plans);
        foreach (var missed in book.Missed())
        {
            await Loop.TryAsync(missed, async () => book.Apply(await trips.ReadTripAsync(missed), []), stopping);
        }

        LogLoaded(present.Length, plans.Length);
    }

    [LoggerMessage(LogLevel.Information, "The present is loaded: {Trips} trips under way, {Plans} drivers' plans")]
    private partial void LogLoaded(int trips, int plans);
}
