using RideTracking.V1;

namespace RideTracking.Server.Drivers.Reporting;

/// <summary>How often one stream's app is asked to report. Used by one thread at a time.</summary>
public sealed class SessionPace
{
    private readonly ReportingPolicies _policies;
    private ReportingPace _pace;
    private ReportingPace _before;
    private DateTimeOffset _changedAt;
    private DateTimeOffset? _slowerSince;
    private ulong _version;

    /// <param name="policies">What is told.</param>
    /// <param name="moment">What is so as the stream opens.</param>
    /// <param name="now">By the machine's clock.</param>
    public SessionPace(ReportingPolicies policies, in ReportingMoment moment, DateTimeOffset now)
    {
        _policies = policies;
        _pace = _before = ReportingPaces.Of(moment, policies.Options.NearStopMeters);
        // May slow down or speed up as soon as more is known than at the opening.
        _changedAt = DateTimeOffset.MinValue;
        _version = VersionAt(now);
    }

    /// <summary>Told last.</summary>
    public ReportingPace Pace => _pace;

    /// <summary>What the app is to be told.</summary>
    public ReportingPolicy Policy => _policies.Of(_pace, _version);

    /// <summary>Looks whether another policy is right by now.</summary>
    /// <returns>True when the app is to be told another.</returns>
    public bool Look(in ReportingMoment moment, DateTimeOffset now)
    {
        var options = _policies.Options;
        var wanted = ReportingPaces.Of(moment, options.NearStopMeters);
        if (wanted >= _pace)
        {
            _slowerSince = null;
        }
        else
        {
            _slowerSince ??= now;
        }

        var isTime = wanted > _pace || (wanted < _pace && now - _slowerSince >= options.SlowDownAfter);
        if (!isTime || now - _changedAt < options.ChangeInterval)
        {
            return false;
        }

        // Who was told three in a row may not have heard of the second: the slowest of them counts.
        var isYoung = now - _changedAt < _policies.StaleAfterAt(_pace);
        _before = isYoung && _before < _pace ? _before : _pace;
        (_pace, _changedAt, _slowerSince) = (wanted, now, null);
        _version = Math.Max(_version + 1, VersionAt(now));
        return true;
    }

    /// <summary>Age at which the driver's fix is stale: by the longer of the old policy and the new until the new one had time to show.</summary>
    public TimeSpan StaleAfter(DateTimeOffset now) => While(now, _policies.StaleAfterAt(_before), _policies.StaleAfterAt(_pace));

    /// <summary>Silence after which the stream is ended; in the same way.</summary>
    public TimeSpan SilentAfter(DateTimeOffset now) => While(now, _policies.SilentAfterAt(_before), _policies.SilentAfterAt(_pace));

    private TimeSpan While(DateTimeOffset now, TimeSpan before, TimeSpan after) => before > after && now - _changedAt < after ? before : after;

    // Rises also from stream to stream and from node to node.
    private static ulong VersionAt(DateTimeOffset now) => (ulong)now.ToUnixTimeMilliseconds();
}
