using RideTracking.Engine.Geo;

namespace RideTracking.Engine.Ingest;

/// <summary>
/// Judges every fix by ordered checks; the first that fails decides. Pure but for the driver's state.
/// </summary>
public static class Gate
{
    /// <summary>Last millisecond of the year 9999, the end of what <c>google.protobuf.Timestamp</c> can hold.</summary>
    internal const long MaxUnixMs = 253_402_300_799_999;

    // A 68 % circle grown to 95 %, for errors that are Gaussian in both directions:
    // sqrt(ln(1 / 0.05) / ln(1 / 0.32)).
    private const double AccuracyRadiusTo95Percent = 1.62;

    /// <summary>Judges a fix and, when it is accepted, makes it the driver's present.</summary>
    /// <param name="fix">Gets its time by the server's clock; meaningless when the coordinate or time is invalid.</param>
    /// <param name="session">Any number that tells this driver's sessions apart.</param>
    /// <param name="sentAtUnixMs">The phone's clock when it sent the fix, milliseconds since 1970.</param>
    /// <param name="receivedAtUnixMs">The server's clock when it arrived, milliseconds since 1970.</param>
    /// <param name="state">The driver's; one caller at a time.</param>
    /// <param name="limits">What is let through.</param>
    public static FixVerdict Judge(
        ref Fix fix, ulong session, long sentAtUnixMs, long receivedAtUnixMs, ref GateState state, GateLimits limits)
    {
        if (Math.Abs((long)fix.LatitudeE7) > 900_000_000)
        {
            return FixVerdict.Rejected(FixRejectReason.InvalidCoordinate, 90, fix.LatitudeE7 / 1e7);
        }

        if (Math.Abs((long)fix.LongitudeE7) > 1_800_000_000)
        {
            return FixVerdict.Rejected(FixRejectReason.InvalidCoordinate, 180, fix.LongitudeE7 / 1e7);
        }

        if (!IsTime(fix.SensorTimeUnixMs))
        {
            return InvalidTime(fix.SensorTimeUnixMs);
        }

        if (!IsTime(sentAtUnixMs))
        {
            return InvalidTime(sentAtUnixMs);
        }

        // Only a difference of the phone's own times is used, so a phone whose clock is a day off works.
        long ageMs = sentAtUnixMs - fix.SensorTimeUnixMs;
        fix.FixedAtUnixMs = receivedAtUnixMs - Math.Max(ageMs, 0);

        double futureSeconds = -ageMs / 1000.0;
        if (futureSeconds > limits.FutureTolerance.TotalSeconds)
        {
            return FixVerdict.Rejected(
                FixRejectReason.FromFuture, limits.FutureTolerance.TotalSeconds, futureSeconds);
        }

        double ageSeconds = ageMs / 1000.0;
        if (ageSeconds > limits.MaxAge.TotalSeconds)
        {
            return FixVerdict.Rejected(FixRejectReason.TooOld, limits.MaxAge.TotalSeconds, ageSeconds);
        }

        if (fix.IsMock && !limits.AllowMock)
        {
            return FixVerdict.Rejected(FixRejectReason.MockLocation, 0, 1);
        }

        if (fix.HorizontalAccuracyMeters > limits.MaxAccuracyMeters)
        {
            return FixVerdict.Rejected(
                FixRejectReason.TooInaccurate, limits.MaxAccuracyMeters, fix.HorizontalAccuracyMeters);
        }

        if (state.HasPresent)
        {
            FixVerdict verdict = JudgeAgainstPresent(ref fix, session, sentAtUnixMs, ref state, limits);
            if (verdict.Outcome != FixOutcome.Accepted)
            {
                return verdict;
            }
        }

        state.Accept(new GateState.Anchor(fix, session));
        return FixVerdict.Accepted;
    }

    private static FixVerdict JudgeAgainstPresent(
        ref Fix fix, ulong session, long sentAtUnixMs, ref GateState state, GateLimits limits)
    {
        ref readonly GateState.Anchor present = ref state.Present;

        // The phone's own times are exact but comparable only within a session, and only while its clock has not been
        // set back behind the present: then everything it sends would be late until the clock catches up.
        bool clockSetBack = sentAtUnixMs < present.SensorTimeUnixMs - (long)limits.FutureTolerance.TotalMilliseconds;
        bool ownTimesCompare = session == present.Session && !clockSetBack;
        long elapsedMs = ownTimesCompare
            ? fix.SensorTimeUnixMs - present.SensorTimeUnixMs
            : fix.FixedAtUnixMs - present.FixedAtUnixMs;

        // Late, or the present itself once more. Neither jump nor interval is checked: what such a fix has to fit
        // in between is in the log, not here, and it moves nothing.
        if (elapsedMs <= 0)
        {
            return FixVerdict.HistoryOnly;
        }

        if (elapsedMs < limits.MinInterval.TotalMilliseconds)
        {
            return FixVerdict.Rejected(
                FixRejectReason.TooFrequent, limits.MinInterval.TotalSeconds, elapsedMs / 1000.0);
        }

        // A batch that was held up on its way makes its fixes look younger than they are. The next, faster one must not
        // look older than that, or everything that goes by the server's clock would keep the earlier position.
        fix.FixedAtUnixMs = Math.Max(fix.FixedAtUnixMs, present.FixedAtUnixMs);

        double speed = SpeedMetersPerSecond(present, fix, elapsedMs, limits);
        if (speed <= limits.MaxSpeedMetersPerSecond || Reanchors(ref state, fix, session, limits))
        {
            return FixVerdict.Accepted;
        }

        return FixVerdict.Rejected(FixRejectReason.ImpossibleJump, limits.MaxSpeedMetersPerSecond, speed);
    }

    /// <summary>Counts a fix that is impossible from the present; true when enough of them agree.</summary>
    private static bool Reanchors(ref GateState state, in Fix fix, ulong session, GateLimits limits)
    {
        if (state.CandidateFixCount > 0 && state.Candidate.Session == session)
        {
            long elapsedMs = fix.SensorTimeUnixMs - state.Candidate.SensorTimeUnixMs;
            if (elapsedMs == 0 || Math.Abs(elapsedMs) < limits.MinInterval.TotalMilliseconds)
            {
                // Neither agrees nor disagrees: one reading told twice must not count as two.
                return false;
            }

            if (elapsedMs > 0
                && SpeedMetersPerSecond(state.Candidate, fix, elapsedMs, limits) <= limits.MaxSpeedMetersPerSecond)
            {
                state.Candidate = new GateState.Anchor(fix, session);
                return ++state.CandidateFixCount >= limits.ReanchorAfter;
            }
        }

        state.Candidate = new GateState.Anchor(fix, session);
        state.CandidateFixCount = 1;
        return false;
    }

    /// <summary>The slowest speed that explains both positions, given how inaccurate each of them may be.</summary>
    private static double SpeedMetersPerSecond(
        in GateState.Anchor from, in Fix to, long elapsedMs, GateLimits limits)
    {
        double distance = Earth.DistanceMeters(GeoPoint.FromE7(from.LatitudeE7, from.LongitudeE7), to.Point);
        double tolerance = AccuracyRadiusTo95Percent * (
            KnownOr(from.HorizontalAccuracyMeters, limits.AssumedAccuracyMeters)
            + KnownOr(to.HorizontalAccuracyMeters, limits.AssumedAccuracyMeters));
        return Math.Max(distance - tolerance, 0) * 1000 / elapsedMs;
    }

    private static double KnownOr(float accuracyMeters, double assumedMeters) =>
        float.IsNaN(accuracyMeters) ? assumedMeters : accuracyMeters;

    private static bool IsTime(long unixMs) => unixMs is > 0 and <= MaxUnixMs;

    private static FixVerdict InvalidTime(long unixMs) =>
        FixVerdict.Rejected(FixRejectReason.InvalidTime, unixMs <= 0 ? 1 : MaxUnixMs, unixMs);
}
