namespace RideTracking.Engine.Ingest;

/// <summary>
/// Tells when, by the phone's own clock, a fix was taken. A phone has up to two clocks: its own, and that of the satellites, which
/// Android gives with some fixes and not with others. Where the second is ahead, fixes seem to be sent before they are taken; a receiver that has not
/// heard of the last week rollover of GPS is 1,024 weeks behind. How far the second clock is off is learned.
/// </summary>
/// <remarks>A small struct held beside the driver's stream; one caller at a time.</remarks>
internal struct PhoneClock
{
    /// <summary>Satellites count weeks in ten bits (IS-GPS-200, 20.3.3.3.1.1), so a receiver may be so far behind, or a multiple of it.</summary>
    private const long RolloverMs = 1024L * 7 * 86_400_000;

    /// <summary>A rollover is believed only of a fix that was just taken.</summary>
    private const long RolloverFreshMs = 10 * 60_000;

    /// <summary>So many fixes must be ahead by about the same.</summary>
    private const int LearnAfter = 3;

    /// <summary>Fixes wait in batches for so long while their lead is learned, so it differs by as much.</summary>
    private const long LeadSpreadMs = 30_000;

    private long _aheadMs;
    private long _candidateMs;
    private long _lastMs;
    private byte _candidateFixCount;

    /// <summary>How far the second clock is ahead of the phone's, in milliseconds, negative when behind; 0 while there is none.</summary>
    public readonly long AheadMs => _aheadMs;

    /// <summary>When a fix was taken by the phone's own clock, in milliseconds since 1970; as told where no clock that is known explains it.</summary>
    /// <param name="sensorTimeUnixMs">As told.</param>
    /// <param name="sentAtUnixMs">The phone's clock when the fix was sent.</param>
    /// <param name="limits">What is let through.</param>
    public long Read(long sensorTimeUnixMs, long sentAtUnixMs, GateLimits limits)
    {
        long toleranceMs = (long)limits.FutureTolerance.TotalMilliseconds, maxAgeMs = (long)limits.MaxAge.TotalMilliseconds;
        long leadMs = sensorTimeUnixMs - sentAtUnixMs;
        Learn(leadMs, toleranceMs, maxAgeMs);
        bool isByOwn = IsPossible(leadMs), isBySecond = _aheadMs != 0 && IsPossible(leadMs - _aheadMs);
        // Where either clock may have told it, the one that goes on from the fix before: phones number fixes as they take them.
        long shifted = sensorTimeUnixMs - _aheadMs;
        bool isSecond = isBySecond
            && (!isByOwn || (_lastMs != 0 && Math.Abs(shifted - _lastMs) < Math.Abs(sensorTimeUnixMs - _lastMs)));
        long taken = isSecond ? shifted : sensorTimeUnixMs;
        if (isByOwn || isBySecond)
        {
            _lastMs = taken;
        }

        return taken;

        bool IsPossible(long lead) => lead <= toleranceMs && lead >= -maxAgeMs;
    }

    private void Learn(long leadMs, long toleranceMs, long maxAgeMs)
    {
        if (leadMs > toleranceMs)
        {
            LearnAhead(leadMs, toleranceMs);
        }
        else if (leadMs < -maxAgeMs)
        {
            // Rounded to the nearest number of rollovers.
            long rollovers = (-leadMs + RolloverMs / 2) / RolloverMs;
            long ageMs = -leadMs - rollovers * RolloverMs;
            if (rollovers > 0 && ageMs >= -toleranceMs && ageMs <= RolloverFreshMs)
            {
                _aheadMs = -rollovers * RolloverMs;
            }
        }
    }

    private void LearnAhead(long leadMs, long toleranceMs)
    {
        if (_aheadMs > 0 && leadMs <= _aheadMs + toleranceMs)
        {
            // Of what is ahead by less, the fix is older. What is ahead by more was sent sooner than any before.
            _aheadMs = Math.Max(_aheadMs, leadMs);
            return;
        }

        bool agrees = _candidateFixCount > 0 && Math.Abs(leadMs - _candidateMs) <= LeadSpreadMs;
        _candidateFixCount = agrees ? (byte)(_candidateFixCount + 1) : (byte)1;
        _candidateMs = agrees ? Math.Max(_candidateMs, leadMs) : leadMs;
        if (_candidateFixCount >= LearnAfter)
        {
            (_aheadMs, _candidateMs, _candidateFixCount) = (_candidateMs, 0, 0);
        }
    }
}
