


namespace RideTracking.Server.Drivers.Reporting;

/// <summary>How often a driver's app is asked to report, from the moment its stream opens. One for each area.</summary>
internal sealed class DriverPaces(
    ReportingPolicies policies, DriverMoments moments, LongerSilences silences, ReportingMetrics metrics)
{
    /// <summary>The pace of a stream that opens now.</summary>
    public SessionPace Begin(string driverId, int slot, DateTimeOffset now)
    {
        var pace = new SessionPace(policies, moments.Of(driverId, slot), now);
        TellHowLong(pace, slot, now);
        return pace;
    }

    /// <summary>Whether the moment asks for another pace; the stream then sends its policy.</summary>
    public bool Look(SessionPace pace, string driverId, int slot, DateTimeOffset now)
    {
        var changed = pace.Look(moments.Of(driverId, slot), now);
        if (changed)
        {
            metrics.Changed(pace.Pace);
        }

        TellHowLong(pace, slot, now);
        return changed;
    }

    /// <summary>Whose app was asked to be silent for longer does not grow stale before.</summary>
    public void TellHowLong(SessionPace pace, int slot, DateTimeOffset now) => silences.Set(slot, pace.StaleAfter(now) - policies.StaleAfter);
}
