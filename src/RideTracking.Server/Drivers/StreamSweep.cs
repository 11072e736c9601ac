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
    DriverSessions sessions, StreamServices services, BusyPlaces busy, ReportingPolicies policies, LongerSilences silences,
    [FromKeyedServices(AccessSetup.TokenClock)] TimeProvider tokenClock, Loops loops)
    : LoopService(loops.Create("stream_sweep", services.Clock.Machine), EverySecond)
{
    private readonly DriverChange[] _left = new DriverChange[256];

    protected override Task LookAsync(CancellationToken stopping)
    {
        var tokenTime = tokenClock.GetUtcNow();
        foreach (var session in sessions.Open)
        {
            Loop.Try(session.DriverId, (Session: session, tokenTime), static one => one.Session.Sweep(one.tokenTime));
        }

        services.Sending.ForgetGone();
        services.Commanding.ForgetGone();
        services.Acting.ForgetGone();
        Loop.Try("busy places", busy, static all => all.Sweep());
        Loop.Try("stale positions", this, static all => all.SweepStale());
        Loop.Try("zones", services.Path.Zones, static all => all.Sweep());
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
                // It has left the index already, so that one who fails here must not keep the others from being told.
                Loop.Try($"the stale position of {change.Current.Slot}", (services.Path, Change: change), static one =>
                {
                    one.Path.Fanout.Publish(one.Change);
                    one.Path.Zones.GoStale(one.Change.Current.Slot);
                });
            }
        }
        while (count == _left.Length);
    }
}
