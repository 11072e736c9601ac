using Microsoft.Extensions.Options;
using RideTracking.Server.Areas;
using RideTracking.Server.Hosting;

namespace RideTracking.Server.Trips;

/// <summary>
/// Keeps the book true: fills it from the store at start and each time the store comes back or was emptied, mends what a lost reply left
/// in doubt, and lets trips go that have long been final.
/// </summary>
internal sealed partial class TripPresent(
    Area area, TripStore trips, TripBook book, Dispatcher dispatcher, IOptions<TripOptions> options,
    ILogger<TripPresent> logger)
    // Before the first driver connects, if the store is there.
    : LoopService(area.Loop("trip_present"), options.Value.TickInterval, looksAtStart: true)
{
    // Longer than any reply takes, so that nothing older than a final trip is still under way.
    private static readonly TimeSpan FinalStays = TimeSpan.FromMinutes(1);

    // Of which return of the store the book is; none yet.
    private volatile int _loadedAfter = -1;

    /// <summary>The store was away: what it holds is to be read again.</summary>
    internal void Reload() => _loadedAfter = -1;

    protected override async Task LookAsync(CancellationToken stopping)
    {
        if (dispatcher.TakeAllDoubted())
        {
            Reload();
        }

        if (area.StoreRestorations is var restorations && restorations != _loadedAfter)
        {
            _loadedAfter = restorations;
            try
            {
                await LoadAsync(stopping);
            }
            catch
            {
                Reload();
                throw;
            }
        }

        await dispatcher.ResolveDoubtsAsync(Loop, stopping);
        book.ForgetFinalBefore(area.Clock.GetUtcNow() - FinalStays);
    }

    private async Task LoadAsync(CancellationToken stopping)
    {
        book.BeginReload();
        var (present, plans) = await trips.ReadPresentAsync();
        // What is over stays a while: the feed may still bring something older of it.
        var over = await trips.ReadTripsAsync(book.Over());
        book.Replace([.. present, .. over.Where(t => t.IsFinal)], plans);
        foreach (var missed in book.Missed())
        {
            await Loop.TryAsync(missed, () => CatchUpAsync(missed), stopping);
        }

        dispatcher.MatchingWanted.Set();
        LogLoaded(present.Length, plans.Length);
    }

    private async Task CatchUpAsync(string tripId)
    {
        if (await trips.ReadTripAsync(tripId) is { } trip)
        {
            book.Apply(trip, []);
        }
        else
        {
            book.Forget(tripId);
        }
    }

    [LoggerMessage(LogLevel.Information, "The present is loaded: {Trips} trips under way, {Plans} drivers' plans")]
    private partial void LogLoaded(int trips, int plans);
}
