using RideTracking.Engine.Index;
using RideTracking.Server.Access;

namespace RideTracking.Server.Streams;

/// <summary>
/// Once a second, by one timer for all streams: late acknowledgements, silent phones, slow readers, expired tokens; and
/// positions that have gone stale leave the index, and dwell times that are due are told.
/// </summary>
internal sealed class StreamSweep(
    DriverStreams streams, UnaryReports reports, StreamServices services,
    [FromKeyedServices(AccessSetup.TokenClock)] TimeProvider tokenClock) : BackgroundService
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Period, services.Clock.Machine);
        var left = new DriverChange[256];
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                var tokenTime = tokenClock.GetUtcNow();
                foreach (var session in streams.Sessions)
                {
                    session.Sweep(tokenTime);
                }

                reports.Sweep();
                SweepStale(left);
                services.Path.Zones.Sweep();
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The server stops.
        }
    }

    private void SweepStale(DriverChange[] left)
    {
        var options = services.Options;
        var olderThan = (services.Clock.GetUtcNow() - (options.MaxSilence * options.StaleAfterSilences)).ToUnixTimeMilliseconds();
        int count;
        do
        {
            count = services.Path.Index.SweepStale(olderThan, left);
            foreach (ref readonly var change in left.AsSpan(0, count))
            {
                services.Path.Fanout.Publish(change);
                services.Path.Zones.GoStale(change.Current.Slot);
            }
        }
        while (count == left.Length);
    }
}
