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

    // Where receivers are that have no position: the sea south of Ghana, 1.1 km about 0, 0.
    private const int NoPositionE7 = 100_000;

    // Satellites tell where a car is to some metres; cells and wireless networks to some hundred.
    private const double CoarseMeters = 100;
    private const double CoarseFactor = 2;

    // What a car may drive unseen, when it has not told its speed, and when it has told that it stands.
    private const double AssumedSpeedMetersPerSecond = 14, LeastSpeedMetersPerSecond = 3;

    // A fix that could not be reached in so short a time, but after a longer silence, is believed only until the next one contradicts it.
    private const long LeapAfterMs = 30_000;

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

        if (Math.Abs(fix.LatitudeE7) <= NoPositionE7 && Math.Abs(fix.LongitudeE7) <= NoPositionE7)
        {
            return FixVerdict.Rejected(
                FixRejectReason.InvalidCoordinate, NoPositionE7 / 1e7, Math.Max(Math.Abs(fix.LatitudeE7), Math.Abs(fix.LongitudeE7)) / 1e7);
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
        long takenAtUnixMs = state.Clock.Read(fix.SensorTimeUnixMs, sentAtUnixMs, limits);
        long ageMs = sentAtUnixMs - takenAtUnixMs;
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

        FixVerdict verdict = state.HasPresent
            ? JudgeAgainstPresent(ref fix, session, takenAtUnixMs, sentAtUnixMs, ref state, limits)
            : FixVerdict.Accepted;
        if (verdict.Outcome == FixOutcome.Accepted)
        {
            if (!state.HasPresent)
            {
                state.Present = new GateState.Track(new GateState.Anchor(fix, session, takenAtUnixMs));
            }

            fix.IsParked = state.Standstill.Observe(fix, takenAtUnixMs);
        }
        else if (verdict.Outcome == FixOutcome.HistoryOnly)
        {
            fix.IsParked = session == state.Present.Last.Session && state.Standstill.HasStoodSince(takenAtUnixMs);
        }

        return verdict;
    }

    private static FixVerdict JudgeAgainstPresent(
        ref Fix fix, ulong session, long takenAtUnixMs, long sentAtUnixMs, ref GateState state, GateLimits limits)
    {
        ref readonly GateState.Anchor present = ref state.Present.Last;
        var next = new GateState.Anchor(fix, session, takenAtUnixMs);
        long elapsedMs = ElapsedMs(present, next, sentAtUnixMs, limits);

        // Late, the present itself once more, or too soon after it to tell anything new. Neither jump nor interval is checked: what such a fix has to
        // fit in between is in the log, not here, and it moves nothing.
        if (elapsedMs <= 0 || elapsedMs < limits.MinInterval.TotalMilliseconds)
        {
            return FixVerdict.HistoryOnly;
        }

        // A batch that was held up on its way makes its fixes look younger than they are. The next, faster one must not
        // look older than that, or everything that goes by the server's clock would keep the earlier position.
        fix.FixedAtUnixMs = Math.Max(fix.FixedAtUnixMs, present.FixedAtUnixMs);
        next = new GateState.Anchor(fix, session, takenAtUnixMs);
        double distance = UncertainMeters(present, next, limits);
        double speed = distance * 1000 / elapsedMs;
        if (speed <= limits.MaxSpeedMetersPerSecond)
        {
            if (CoarserThanKnownMeters(present, next, elapsedMs, limits) is { } known)
            {
                return FixVerdict.Rejected(FixRejectReason.TooInaccurate, known, fix.HorizontalAccuracyMeters);
            }

            if (distance * 1000 / Math.Min(elapsedMs, LeapAfterMs) > limits.MaxSpeedMetersPerSecond)
            {
                Leap(ref state, next, sentAtUnixMs, limits);
            }
            else
            {
                state.Present.Add(next);
                state.Other = default;
            }

            return FixVerdict.Accepted;
        }

        if (Join(ref state.Other, next, sentAtUnixMs, limits) && IsBelieved(state, next, limits))
        {
            (state.Present, state.Other) = (state.Other, default);
            return FixVerdict.Accepted;
        }

        return FixVerdict.Rejected(FixRejectReason.ImpossibleJump, limits.MaxSpeedMetersPerSecond, speed);
    }

    private static long ElapsedMs(in GateState.Anchor from, in GateState.Anchor to, long sentAtUnixMs, GateLimits limits)
    {
        // The phone's own times are exact but comparable only within a session, and only while its clock has not been
        // set back behind the present: then everything it sends would be late until the clock catches up.
        bool clockSetBack = sentAtUnixMs < from.TakenAtUnixMs - (long)limits.FutureTolerance.TotalMilliseconds;
        return to.Session == from.Session && !clockSetBack ? to.TakenAtUnixMs - from.TakenAtUnixMs : to.FixedAtUnixMs - from.FixedAtUnixMs;
    }

    /// <summary>
    /// The widest circle that would still say something beside the present, when a fix's is wider: what the present leaves open, and what the car may have
    /// driven since, twice over. So a position by cells between two by satellites moves no car away and back.
    /// </summary>
    private static double? CoarserThanKnownMeters(in GateState.Anchor present, in GateState.Anchor next, long elapsedMs, GateLimits limits)
    {
        if (!(next.HorizontalAccuracyMeters > CoarseMeters))
        {
            return null;
        }

        double speed = float.IsNaN(present.SpeedMetersPerSecond)
            ? AssumedSpeedMetersPerSecond
            : Math.Max(present.SpeedMetersPerSecond, LeastSpeedMetersPerSecond);
        double known = CoarseFactor * (KnownOr(present.HorizontalAccuracyMeters, limits.AssumedAccuracyMeters) + speed * elapsedMs / 1000);
        return next.HorizontalAccuracyMeters > known ? known : null;
    }

    /// <summary>
    /// The car is far off after a silence, or after only contradictions. So it is; but where nothing has agreed with the new place yet, it is left again
    /// with the next fix that is back at the old one.
    /// </summary>
    private static void Leap(ref GateState state, in GateState.Anchor next, long sentAtUnixMs, GateLimits limits)
    {
        if (Join(ref state.Other, next, sentAtUnixMs, limits))
        {
            (state.Present, state.Other) = (state.Other, default);
            return;
        }

        state.Other = state.Present with { FixCount = (byte)Math.Min(state.Present.FixCount, limits.OutweighAfter - 1) };
        state.Present = new GateState.Track(next);
    }

    /// <summary>
    /// Whether what contradicts the present is believed against it: when no other fix has ever agreed with the present, or none for long.
    /// </summary>
    private static bool IsBelieved(in GateState state, in GateState.Anchor next, GateLimits limits) => state.Present.FixCount == 1
        ? state.Other.FixCount >= limits.OutweighAfter
        : next.FixedAtUnixMs - state.Other.SinceUnixMs >= limits.TeleportAfter.TotalMilliseconds;

    /// <summary>Adds a fix to the track when it can be reached from there, else begins the track anew with it.</summary>
    /// <returns>Whether it was added.</returns>
    private static bool Join(ref GateState.Track track, in GateState.Anchor next, long sentAtUnixMs, GateLimits limits)
    {
        if (track.FixCount > 0)
        {
            long elapsedMs = ElapsedMs(track.Last, next, sentAtUnixMs, limits);
            if (elapsedMs == 0 || Math.Abs(elapsedMs) < limits.MinInterval.TotalMilliseconds)
            {
                // Neither agrees nor disagrees: one reading told twice must not count as two.
                return false;
            }

            if (elapsedMs > 0 && UncertainMeters(track.Last, next, limits) * 1000 / elapsedMs <= limits.MaxSpeedMetersPerSecond)
            {
                track.Add(next);
                return true;
            }
        }

        track = new GateState.Track(next);
        return false;
    }

    /// <summary>How far apart two positions are at least, given how inaccurate each of them may be.</summary>
    private static double UncertainMeters(in GateState.Anchor from, in GateState.Anchor to, GateLimits limits)
    {
        double tolerance = UncertainMeters(from.HorizontalAccuracyMeters, limits) + UncertainMeters(to.HorizontalAccuracyMeters, limits);
        return Math.Max(Earth.DistanceMeters(from.Point, to.Point) - tolerance, 0);
    }

    /// <summary>How far a fix may be from the car, in metres: in one case of twenty it is farther.</summary>
    internal static double UncertainMeters(in Fix fix, GateLimits limits) => UncertainMeters(fix.HorizontalAccuracyMeters, limits);

    private static double UncertainMeters(float accuracyMeters, GateLimits limits) =>
        AccuracyRadiusTo95Percent * KnownOr(accuracyMeters, limits.AssumedAccuracyMeters);

    private static double KnownOr(float accuracyMeters, double assumedMeters) =>
        float.IsNaN(accuracyMeters) ? assumedMeters : accuracyMeters;

    private static bool IsTime(long unixMs) => unixMs is > 0 and <= MaxUnixMs;

    private static FixVerdict InvalidTime(long unixMs) =>
        FixVerdict.Rejected(FixRejectReason.InvalidTime, unixMs <= 0 ? 1 : MaxUnixMs, unixMs);
}
