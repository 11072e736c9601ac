using RideTracking.Engine.Index;
using RideTracking.Server.Access;
using RideTracking.Server.Drivers.Reporting;
using RideTracking.Server.Hosting;
using RideTracking.Server.Trips;

namespace RideTracking.Server.Drivers;

/// <summary>
/// Once a second, by one timer for all streams: late acknowledgements, silent phones, slow readers, expired tokens, how
/// often to report; and positions that have gone stale leave the index, and dwell times that are due are told.
/// </summary>
internal sealed class StreamSweep(
    DriverStreams streams, UnaryReports reports, StreamServices services, BusyPlaces busy, ReportingPolicies policies, LongerSilences silences,
    [FromKeyedServices(AccessSetup.TokenClock)] TimeProvider tokenClock) : OnceASecond(services.Clock.Machine)
{
    private readonly DriverChange[] _left = new DriverChange[256];

    protected override Task LookAsync()
    {
        var tokenTime = tokenClock.GetUtcNow();
        foreach (var session in streams.Sessions)
        {
            session.Sweep(tokenTime);
        }

        reports.Sweep();
        busy.Sweep();
        SweepStale();
        services.Path.Zones.Sweep();
        return Task.CompletedTask;
    }

    private void SweepStale()
    {
        var olderThan = (services.Clock.GetUtcNow() - policies.StaleAfter).ToUnixTimeMilliseconds();
        int count;
        do
        {
            count = services.Path.Index.SweepStale(olderThan, silences.BySlot, _left);
            foreach (ref readonly var change in _left.AsSpan(0, count))
            {
                services.Path.Fanout.Publish(change);
                services.Path.Zones.GoStale(change.Current.Slot);
            }
        }
        while (count == _left.Length);
    }
}
