using CsCheck;
using RideTracking.Engine.Geo;
using RideTracking.Engine.Ingest;

namespace RideTracking.Engine.Tests.Ingest;

/// <summary>What phones really send, each as the rule that the gate has for its kind.</summary>
public class RealPhonesTests
{
    private const long Now = 1_750_000_000_000;
    private const long Day = 86_400_000;
    private const long Rollover = 1024L * 7 * Day;

    private static readonly GeoPoint Moscow = new(55.7520, 37.6175);
    private static readonly GeoPoint Vnukovo = new(55.5915, 37.2615);
    private static readonly GeoPoint BeloHorizonte = new(-19.945, -43.964);

    private readonly GateLimits _limits = new();
    private GateState _state;
    private long _now = Now;

    [Theory]
    [InlineData(0, 0)]
    [InlineData(0.0001, -0.0001)]
    [InlineData(-0.009, 0.01)]
    public void About_0_0_is_no_position_also_as_the_first(double latitude, double longitude)
    {
        Assert.Equal(FixRejectReason.InvalidCoordinate, Take(new GeoPoint(latitude, longitude)).Reason);
        Accepted(BeloHorizonte, times: 2);
        for (int i = 0; i < 4; i++)
        {
            Assert.Equal(FixRejectReason.InvalidCoordinate, Take(new GeoPoint(latitude, longitude)).Reason);
        }

        Accepted(BeloHorizonte, times: 2);
    }

    [Theory]
    [InlineData(0, 9.4)]       // the equator in Gabon
    [InlineData(51.4779, 0)]   // Greenwich
    [InlineData(0.05, 0)]
    public void One_axis_about_0_is_a_place(double latitude, double longitude) => Accepted(new GeoPoint(latitude, longitude), times: 3);

    [Fact]
    public void A_few_fixes_that_agree_elsewhere_make_no_teleport_true()
    {
        Accepted(Moscow, times: 2);
        Jumps(Vnukovo, times: 4);
        Accepted(Moscow, times: 3);
    }

    [Fact]
    public void Wrong_places_of_every_kind_are_sat_out() =>
        Gen.Select(Places.Anywhere, Gen.Int[0, 3], Gen.Int[1, 30], Gen.Int[2, 20]).Where((place, kind, _, _) => IsPlace(place) && IsPlace(Wrong(place, kind)) && Distance(place, Wrong(place, kind)) > 100_000).Sample(
            (place, kind, wrongFixes, goodFixes) =>
            {
                (_state, _now) = (default, Now);
                Accepted(place, goodFixes);
                Jumps(Wrong(place, kind), wrongFixes);
                Accepted(place, goodFixes);
            },
            threads: 1);

    [Fact]
    public void A_first_fix_with_which_no_other_agrees_is_outweighed()
    {
        Accepted(Vnukovo);
        Jumps(Moscow, times: 2);
        Accepted(Moscow, times: 3);
        Jumps(Vnukovo);
        Accepted(Moscow);
    }

    [Fact]
    public void A_teleport_is_believed_once_one_could_have_driven()
    {
        Accepted(Moscow, times: 2);
        // 28 km at 70 m/s.
        int believedAfter = 0;
        while (Take(Vnukovo).Outcome != FixOutcome.Accepted)
        {
            believedAfter += 4;
        }

        Assert.InRange(believedAfter, 390, 410);
        Accepted(Vnukovo, times: 3);
        Jumps(Moscow);
        Accepted(Vnukovo);
    }

    [Fact]
    public void And_at_the_latest_when_all_fixes_of_ten_minutes_agree()
    {
        Accepted(Moscow, times: 2);
        Jumps(BeloHorizonte, times: 150);
        Accepted(BeloHorizonte, times: 3);
    }

    [Fact]
    public void After_a_silence_a_far_place_is_believed_until_the_next_fix_is_back()
    {
        Accepted(Moscow, times: 3);
        Pause(minutes: 10);
        Accepted(Vnukovo);
        Accepted(Moscow, times: 3);
        Jumps(Vnukovo);
    }

    [Fact]
    public void A_car_that_comes_out_of_a_silence_elsewhere_stays_there()
    {
        Accepted(Moscow, times: 3);
        Pause(minutes: 10);
        Accepted(Vnukovo, times: 2);
        Jumps(Moscow);
        Accepted(Vnukovo);
    }

    [Theory]
    [InlineData(450, 900, float.NaN)]
    [InlineData(450, 950, float.NaN)]
    [InlineData(300, 200, 0)]
    [InlineData(200, 20, 14)]
    public void A_coarse_fix_between_good_ones_says_nothing_new(float accuracy, double metersOff, float speed)
    {
        for (int i = 0; i < 5; i++)
        {
            Accepted(Moscow, accuracy: 5, speed: speed);
            Assert.Equal(FixRejectReason.TooInaccurate, Take(Earth.Destination(Moscow, 45, metersOff), accuracy: accuracy).Reason);
        }
    }

    [Fact]
    public void Where_only_coarse_fixes_come_they_are_the_present_again_after_a_while()
    {
        Accepted(Moscow, accuracy: 5);
        int coarse = 0;
        while (Take(Earth.Destination(Moscow, 45, 400), accuracy: 450).Outcome != FixOutcome.Accepted)
        {
            coarse++;
        }

        Assert.InRange(coarse, 2, 10);
    }

    [Theory]
    [InlineData(90_000)]
    [InlineData(3_600_000)]
    [InlineData(50 * 365 * Day)]
    public void Satellites_whose_clock_is_ahead_of_the_phones_are_understood_from_the_third_fix_on(long aheadMs)
    {
        Assert.Equal(FixRejectReason.FromFuture, Take(Moscow, aheadMs: aheadMs).Reason);
        Assert.Equal(FixRejectReason.FromFuture, Take(Moscow, aheadMs: aheadMs).Reason);
        for (int i = 0; i < 50; i++)
        {
            Assert.Equal(FixOutcome.Accepted, Take(Moscow, aheadMs: aheadMs - i % 3 * 100).Outcome);
            Assert.InRange(_state.PresentFixedAtUnixMs, _now - 1_000, _now);
        }
    }

    [Theory]
    [InlineData(90_000)]
    [InlineData(3_600_000)]
    public void Two_clocks_in_turn_are_told_apart(long aheadMs)
    {
        for (int i = 0; i < 100; i++)
        {
            var verdict = Take(Moscow, aheadMs: i % 2 == 0 ? 0 : aheadMs);
            Assert.True(verdict.Outcome == FixOutcome.Accepted || (i < 6 && verdict.Reason == FixRejectReason.FromFuture), $"fix {i}: {verdict}");
        }
    }

    [Theory]
    [InlineData(90_000)]
    [InlineData(3_600_000)]
    public void What_a_phone_buffered_by_a_clock_that_is_ahead_keeps_its_order_and_its_age(long aheadMs)
    {
        for (int i = 0; i < 3; i++)
        {
            Take(Moscow, aheadMs: aheadMs);
        }

        // Two hours without a network, then all at once.
        long offlineSince = _now, sentAt = _now + 2 * 3_600_000;
        for (long taken = offlineSince + 4_000; taken <= sentAt; taken += 4_000)
        {
            Fix fix = At(Moscow, taken + aheadMs);
            Assert.Equal(FixOutcome.Accepted, Gate.Judge(ref fix, 1, sentAt, sentAt, ref _state, _limits).Outcome);
            // The lead was learned of fixes that were a little old themselves.
            Assert.InRange(fix.FixedAtUnixMs, taken, taken + 100);
        }
    }

    [Fact]
    public void One_fix_from_the_future_teaches_nothing()
    {
        Accepted(Moscow);
        Assert.Equal(FixRejectReason.FromFuture, Take(Moscow, aheadMs: 90_000).Reason);
        Assert.Equal(FixRejectReason.FromFuture, Take(Moscow, aheadMs: 7_200_000).Reason);
        Assert.Equal(FixRejectReason.FromFuture, Take(Moscow, aheadMs: 400_000).Reason);
        Accepted(Moscow);
        Assert.Equal(0, _state.Clock.AheadMs);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void A_receiver_that_missed_week_rollovers_is_understood(int rollovers)
    {
        for (int i = 0; i < 20; i++)
        {
            Assert.Equal(FixOutcome.Accepted, Take(Moscow, aheadMs: -rollovers * Rollover - i * 100).Outcome);
            Assert.InRange(_state.PresentFixedAtUnixMs, _now - 2_000, _now);
        }
    }

    [Theory]
    [InlineData(-Rollover - Day)]
    [InlineData(-Rollover + Day)]
    [InlineData(-Rollover / 2)]
    [InlineData(-2 * Day)]
    public void What_is_old_by_anything_else_is_too_old(long aheadMs)
    {
        for (int i = 0; i < 5; i++)
        {
            Assert.Equal(FixRejectReason.TooOld, Take(Moscow, aheadMs: aheadMs).Reason);
        }
    }

    [Theory]
    [InlineData(114, 10, 5, 50, true)]
    [InlineData(42_949_670, 10, 5, 50, true)]
    [InlineData(-1, 10, 5, 50, true)]
    [InlineData(float.PositiveInfinity, 10, 5, 50, true)]
    [InlineData(70, 10, 5, 50, false)]
    public void A_speed_that_no_car_has_is_forgotten_and_the_fix_stays(float speed, float course, float accuracy, float altitude, bool isForgotten)
    {
        Fix fix = At(Moscow, Now) with { SpeedMetersPerSecond = speed, CourseDegrees = course, HorizontalAccuracyMeters = accuracy, AltitudeMeters = altitude };
        fix.ForgetImplausible();
        Assert.Equal(isForgotten, float.IsNaN(fix.SpeedMetersPerSecond));
        Assert.Equal((course, accuracy, altitude), (fix.CourseDegrees, fix.HorizontalAccuracyMeters, fix.AltitudeMeters));
    }

    [Theory]
    [InlineData(360.01f, 0, -12_000)]
    [InlineData(360, -1, 42_949_670)]
    [InlineData(-0.01f, 200_000, float.NegativeInfinity)]
    [InlineData(655.35f, float.PositiveInfinity, 9_001)]
    public void So_are_courses_accuracies_and_altitudes(float course, float accuracy, float altitude)
    {
        Fix fix = At(Moscow, Now) with { CourseDegrees = course, HorizontalAccuracyMeters = accuracy, AltitudeMeters = altitude };
        fix.ForgetImplausible();
        Assert.True(float.IsNaN(fix.CourseDegrees) && float.IsNaN(fix.HorizontalAccuracyMeters) && float.IsNaN(fix.AltitudeMeters));
        Assert.Equal(FixOutcome.Accepted, Gate.Judge(ref fix, 1, Now, Now, ref _state, _limits).Outcome);
    }

    private static GeoPoint Wrong(GeoPoint place, int kind) => kind switch
    {
        0 => new GeoPoint(-place.LatitudeDegrees, place.LongitudeDegrees),
        1 => new GeoPoint(place.LatitudeDegrees, -place.LongitudeDegrees),
        2 => new GeoPoint(place.LongitudeDegrees / 2, place.LatitudeDegrees),
        _ => Earth.Destination(place, 77, 150_000),
    };

    private static bool IsPlace(GeoPoint place) => Distance(place, default) > 2_000;

    private static double Distance(GeoPoint one, GeoPoint other) => Earth.DistanceMeters(one, other);

    private void Pause(int minutes) => _now += minutes * 60_000;

    private void Accepted(GeoPoint place, int times = 1, float accuracy = 5, float speed = float.NaN)
    {
        for (int i = 0; i < times; i++)
        {
            Assert.Equal(FixVerdict.Accepted, Take(place, accuracy, speed));
        }
    }

    private void Jumps(GeoPoint place, int times = 1)
    {
        for (int i = 0; i < times; i++)
        {
            Assert.Equal(FixRejectReason.ImpossibleJump, Take(place).Reason);
        }
    }

    // A fix each four seconds.
    private FixVerdict Take(GeoPoint place, float accuracy = 5, float speed = float.NaN, long aheadMs = 0)
    {
        _now += 4_000;
        Fix fix = At(place, _now - 500 + aheadMs) with { HorizontalAccuracyMeters = accuracy, SpeedMetersPerSecond = speed };
        return Gate.Judge(ref fix, 1, _now - 400, _now, ref _state, _limits);
    }

    private static Fix At(GeoPoint place, long sensorTime) => new()
    {
        SensorTimeUnixMs = sensorTime,
        LatitudeE7 = (int)Math.Round(place.LatitudeDegrees * 1e7),
        LongitudeE7 = (int)Math.Round(place.LongitudeDegrees * 1e7),
        HorizontalAccuracyMeters = 5,
    };
}
