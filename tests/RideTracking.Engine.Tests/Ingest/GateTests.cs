using System.Runtime.CompilerServices;
using CsCheck;
using RideTracking.Engine.Geo;
using RideTracking.Engine.Ingest;

namespace RideTracking.Engine.Tests.Ingest;

public class GateTests
{
    private const long Now = 1_750_000_000_000;
    private const ulong Session = 7;
    private readonly GateLimits _limits = new();
    private GateState _state;

    [Fact]
    public void A_good_fix_is_accepted_and_gets_the_servers_time()
    {
        Fix fix = At(Now - 2_000);
        Assert.Equal(FixVerdict.Accepted, Judge(ref fix, sentAt: Now - 500, receivedAt: Now));
        Assert.Equal(Now - 1_500, fix.FixedAtUnixMs);
    }

    [Theory]
    [InlineData(86_400_000)]
    [InlineData(-86_400_000)]
    [InlineData(-Now + 60_000)] // a phone that lost its clock counts from 1970
    public void A_phone_whose_clock_is_wrong_works(long clockErrorMs)
    {
        for (int second = 0; second < 5; second++)
        {
            Fix fix = At(Now + clockErrorMs + second * 1000);
            long received = Now + second * 1000 + 200;
            Assert.Equal(FixVerdict.Accepted, Judge(ref fix, Now + clockErrorMs + second * 1000 + 100, received));
            Assert.Equal(received - 100, fix.FixedAtUnixMs);
        }
    }

    [Theory]
    [InlineData(900_000_001, 0, 90, 90.0000001)]
    [InlineData(-910_000_000, 0, 90, -91)]
    [InlineData(0, 1_800_000_001, 180, 180.0000001)]
    [InlineData(0, -1_810_000_000, 180, -181)]
    [InlineData(int.MinValue, int.MinValue, 90, -214.7483648)]
    public void A_coordinate_off_the_earth_is_rejected(int latitudeE7, int longitudeE7, double limit, double measured)
    {
        Fix fix = At(Now) with { LatitudeE7 = latitudeE7, LongitudeE7 = longitudeE7 };
        Assert.Equal(FixVerdict.Rejected(FixRejectReason.InvalidCoordinate, limit, measured), Judge(ref fix));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(long.MinValue)]
    [InlineData(long.MaxValue)]
    public void A_time_that_is_none_is_rejected(long time)
    {
        Fix fix = At(time);
        Assert.Equal(FixRejectReason.InvalidTime, Judge(ref fix).Reason);
        fix = At(Now);
        FixVerdict verdict = Judge(ref fix, sentAt: time);
        Assert.Equal((FixRejectReason.InvalidTime, (double)time), (verdict.Reason, verdict.Measured));
    }

    [Fact]
    public void A_fix_from_the_future_is_rejected_beyond_the_tolerance()
    {
        Fix fix = At(Now + 5_001);
        Assert.Equal(FixVerdict.Rejected(FixRejectReason.FromFuture, 5, 5.001), Judge(ref fix));
        fix = At(Now + 5_000);
        Assert.Equal(FixVerdict.Accepted, Judge(ref fix));
        Assert.Equal(Now, fix.FixedAtUnixMs); // never later than it was received
    }

    [Fact]
    public void A_fix_older_than_the_log_keeps_is_rejected()
    {
        const long day = 86_400_000;
        Fix fix = At(Now - day - 1);
        Assert.Equal(FixVerdict.Rejected(FixRejectReason.TooOld, 86_400, 86_400.001), Judge(ref fix));
        fix = At(Now - day);
        Assert.Equal(FixVerdict.Accepted, Judge(ref fix));
    }

    [Fact]
    public void A_made_up_position_is_rejected_unless_allowed()
    {
        Fix fix = At(Now) with { IsMock = true };
        Assert.Equal(FixVerdict.Rejected(FixRejectReason.MockLocation, 0, 1), Judge(ref fix));
        _limits.AllowMock = true;
        Assert.Equal(FixVerdict.Accepted, Judge(ref fix));
    }

    [Fact]
    public void A_fix_that_says_too_little_is_rejected()
    {
        Fix fix = At(Now) with { HorizontalAccuracyMeters = 501 };
        Assert.Equal(FixVerdict.Rejected(FixRejectReason.TooInaccurate, 500, 501), Judge(ref fix));
        fix.HorizontalAccuracyMeters = 500;
        Assert.Equal(FixVerdict.Accepted, Judge(ref fix));
        fix = At(Now + 1000) with { HorizontalAccuracyMeters = float.NaN };
        Assert.Equal(FixVerdict.Accepted, Judge(ref fix, sentAt: Now + 1000, receivedAt: Now + 1000));
    }

    [Fact]
    public void The_first_check_that_fails_decides()
    {
        Accept(At(Now - 1_000));
        Fix fix = At(-5, metersEast: 50_000) with { LatitudeE7 = 910_000_000, HorizontalAccuracyMeters = 900, IsMock = true };
        List<FixRejectReason> reasons = [Next()];
        fix.LatitudeE7 = At(Now).LatitudeE7;
        reasons.Add(Next());
        fix.SensorTimeUnixMs = Now + 60_000;
        reasons.Add(Next());
        fix.SensorTimeUnixMs = Now - 90_000_000;
        reasons.Add(Next());
        fix.SensorTimeUnixMs = Now - 950;
        reasons.Add(Next());
        fix.IsMock = false;
        reasons.Add(Next());
        fix.HorizontalAccuracyMeters = 5;
        fix.SensorTimeUnixMs = Now;
        reasons.Add(Next());
        Assert.Equal(
            [
                FixRejectReason.InvalidCoordinate, FixRejectReason.InvalidTime, FixRejectReason.FromFuture,
                FixRejectReason.TooOld, FixRejectReason.MockLocation, FixRejectReason.TooInaccurate,
                FixRejectReason.ImpossibleJump,
            ],
            reasons);

        FixRejectReason Next() => Judge(ref fix).Reason;
    }

    [Fact]
    public void A_late_fix_is_history_and_does_not_move_the_present()
    {
        Accept(At(Now));
        Fix late = At(Now - 10_000, metersEast: 90_000); // nor is it checked for a jump
        Assert.Equal(FixVerdict.HistoryOnly, Judge(ref late));
        Assert.Equal(Now - 10_000, late.FixedAtUnixMs);
        Assert.Equal(Now, _state.PresentFixedAtUnixMs);
        Accept(At(Now + 1_000, metersEast: 10));
    }

    [Fact]
    public void The_present_sent_again_is_history_not_too_frequent()
    {
        Accept(At(Now));
        Fix again = At(Now);
        Assert.Equal(FixVerdict.HistoryOnly, Judge(ref again, sentAt: Now + 60_000, receivedAt: Now + 60_000));
    }

    [Theory]
    [InlineData(0, FixOutcome.HistoryOnly)]
    [InlineData(1, FixOutcome.HistoryOnly)]
    [InlineData(99, FixOutcome.HistoryOnly)]
    [InlineData(100, FixOutcome.Accepted)]
    public void A_fix_too_soon_after_the_present_is_history(int afterMs, FixOutcome outcome)
    {
        Accept(At(Now));
        Fix fix = At(Now + afterMs);
        Assert.Equal(outcome, Judge(ref fix, Now + 1_000, Now + 1_000).Outcome);
    }

    [Fact]
    public void A_jump_is_rejected_with_its_speed_and_the_next_good_fix_is_accepted()
    {
        Accept(At(Now));
        FixVerdict verdict = JudgeLive(At(Now + 10_000, metersEast: 10_000));
        Assert.Equal((FixRejectReason.ImpossibleJump, 70), (verdict.Reason, verdict.Limit));
        Assert.Equal(1000 - 2 * 1.62 * 5 / 10, verdict.Measured, 0.5); // 10 km in 10 s, two circles of 5 m taken off
        Accept(At(Now + 11_000, metersEast: 100));
    }

    [Theory]
    [InlineData(5, 5, FixOutcome.Rejected)]
    [InlineData(5, 95, FixOutcome.Rejected)]
    [InlineData(150, 95, FixOutcome.Accepted)]
    [InlineData(200, 5, FixOutcome.Accepted)]
    [InlineData(120, 120, FixOutcome.Accepted)]
    public void A_jump_within_both_accuracy_circles_is_believed(float before, float after, FixOutcome outcome)
    {
        Accept(At(Now) with { HorizontalAccuracyMeters = before });
        Fix fix = At(Now + 1_000, metersEast: 390) with { HorizontalAccuracyMeters = after };
        Assert.Equal(outcome, JudgeLive(fix).Outcome);
    }

    [Fact]
    public void Fixes_that_agree_with_each_other_become_the_present()
    {
        Accept(At(Now)); // wrong, but who knows
        Assert.Equal(FixRejectReason.ImpossibleJump, JudgeLive(At(Now + 1_000, metersEast: 50_000)).Reason);
        Assert.Equal(FixRejectReason.ImpossibleJump, JudgeLive(At(Now + 2_000, metersEast: 50_020)).Reason);
        Accept(At(Now + 3_000, metersEast: 50_040));
        Accept(At(Now + 4_000, metersEast: 50_060));
        Assert.Equal(FixRejectReason.ImpossibleJump, JudgeLive(At(Now + 5_000)).Reason); // the old place is the jump now
    }

    [Fact]
    public void An_accepted_fix_in_between_ends_the_agreement()
    {
        Accept(At(Now));
        for (int second = 1; second < 20; second += 3)
        {
            Assert.Equal(FixRejectReason.ImpossibleJump, JudgeLive(At(Now + second * 1000, metersEast: 90_000)).Reason);
            Assert.Equal(FixRejectReason.ImpossibleJump, JudgeLive(At(Now + second * 1000 + 1000, metersEast: 90_000)).Reason);
            Accept(At(Now + second * 1000 + 2000));
        }
    }

    [Fact]
    public void One_wrong_reading_told_many_times_does_not_become_the_present()
    {
        Accept(At(Now));
        for (int time = 0; time < 10; time++)
        {
            Fix told = At(Now + 1_000 + time, metersEast: 90_000);
            Assert.Equal(FixRejectReason.ImpossibleJump, Judge(ref told, Now + 2_000, Now + 2_000).Reason);
        }
    }

    [Fact]
    public void A_candidate_from_the_future_does_not_block_the_agreement_of_others()
    {
        Accept(At(Now));
        Fix ahead = At(Now + 5_000, metersEast: 30_000);
        Assert.Equal(FixRejectReason.ImpossibleJump, Judge(ref ahead, Now + 1_000, Now + 1_000).Reason);
        Assert.Equal(FixRejectReason.ImpossibleJump, JudgeLive(At(Now + 1_500, metersEast: 90_000)).Reason);
        Assert.Equal(FixRejectReason.ImpossibleJump, JudgeLive(At(Now + 2_500, metersEast: 90_000)).Reason);
        Accept(At(Now + 3_500, metersEast: 90_000));
    }

    [Fact]
    public void Sessions_are_compared_by_the_servers_time()
    {
        Accept(At(Now));
        // Another session of a phone whose clock is an hour behind: newer, though its own time says otherwise.
        Fix newer = At(Now - 3_600_000 + 1_000);
        Assert.Equal(FixVerdict.Accepted, Judge(ref newer, Now - 3_600_000 + 1_000, Now + 1_000, session: 8));
        // Buffered before that session's present.
        Fix buffered = At(Now - 3_600_000 - 5_000);
        Assert.Equal(FixVerdict.HistoryOnly, Judge(ref buffered, Now - 3_600_000 + 2_000, Now + 2_000, session: 8));
        // The old session again, with its rest: late, though its own times are higher than the present's.
        Fix rest = At(Now + 500);
        Assert.Equal(FixVerdict.HistoryOnly, Judge(ref rest, Now + 3_000, Now + 3_000));
    }

    [Fact]
    public void A_clock_set_back_within_a_session_does_not_make_all_that_follows_late()
    {
        Accept(At(Now));
        for (int second = 1; second < 5; second++)
        {
            Fix fix = At(Now - 86_400_000 + second * 1000);
            Assert.Equal(FixVerdict.Accepted, Judge(ref fix, fix.SensorTimeUnixMs, Now + second * 1000));
        }
    }

    [Fact]
    public void The_state_of_a_driver_comes_back_from_the_last_accepted_fix()
    {
        Fix last = At(Now);
        Accept(last);
        last.FixedAtUnixMs = Now;
        _state = GateState.FromLastAccepted(last, Session);
        Assert.Equal(FixOutcome.HistoryOnly, JudgeLive(At(Now)).Outcome);
        Assert.Equal(FixOutcome.HistoryOnly, JudgeLive(At(Now + 50)).Outcome);
        Assert.Equal(FixRejectReason.ImpossibleJump, JudgeLive(At(Now + 1_000, metersEast: 5_000)).Reason);
    }

    [Fact]
    public void The_present_never_gets_older_however_long_batches_are_under_way() =>
        Gen.Select(Gen.Long[1, 3_000], Gen.Long[0, 8_000], Gen.Int[0, 3]).Array[1, 60].Sample(steps =>
        {
            var state = new GateState();
            long phone = Now - 50_000_000, server = Now, present = 0;
            foreach ((long pause, long underWay, int buffered) in steps)
            {
                phone += pause;
                server = Math.Max(server + 1, phone + 50_000_000 + underWay); // batches arrive in order
                Fix fix = At(phone - buffered * 100);
                FixVerdict verdict = Gate.Judge(ref fix, Session, phone, server, ref state, _limits);
                Assert.InRange(fix.FixedAtUnixMs, 1, server);
                if (verdict.Outcome == FixOutcome.Accepted)
                {
                    Assert.True(fix.FixedAtUnixMs >= present, "the present went back");
                    present = fix.FixedAtUnixMs;
                }

                Assert.Equal(present, state.PresentFixedAtUnixMs);
            }
        });

    [Fact]
    public void Wild_outliers_never_condemn_the_good_fixes_around_them() =>
        Gen.Select(Gen.Double[-30, 30], Gen.Bool, Places.Anywhere).Array[1, 80].Sample(steps =>
        {
            var state = new GateState();
            double east = 0;
            long time = Now;
            bool known = false;
            foreach ((double speed, bool wild, GeoPoint place) in steps)
            {
                time += 1_000;
                east += speed;
                if (wild && known)
                {
                    Fix outlier = At(time) with { LatitudeE7 = (int)(place.LatitudeDegrees * 1e7), LongitudeE7 = (int)(place.LongitudeDegrees * 1e7) };
                    Gate.Judge(ref outlier, Session, time, time, ref state, _limits);
                    time += 1_000;
                }

                Fix good = At(time, east);
                Assert.Equal(FixVerdict.Accepted, Gate.Judge(ref good, Session, time, time, ref state, _limits));
                known = true;
            }
        });

    [Fact]
    public void The_state_is_small_since_every_driver_has_one() => Assert.InRange(Unsafe.SizeOf<GateState>(), 1, 176);

    [Fact]
    public void Limits_that_make_no_sense_say_how_to_mend_them()
    {
        Assert.Empty(new GateLimits().Problems());
        var wrong = new GateLimits
        {
            FutureTolerance = TimeSpan.FromSeconds(-1),
            MaxAge = TimeSpan.Zero,
            MaxAccuracyMeters = double.NaN,
            MinInterval = TimeSpan.FromHours(1),
            MaxSpeedMetersPerSecond = 0,
            AssumedAccuracyMeters = -1,
            OutweighAfter = 1,
            TeleportAfter = TimeSpan.Zero,
        };
        Assert.Equal(8, wrong.Problems().Count);
        Assert.All(wrong.Problems(), problem => Assert.Contains(": set it ", problem, StringComparison.Ordinal));
    }

    private static Fix At(long sensorTime, double metersEast = 0)
    {
        GeoPoint place = Earth.Destination(Places.Porto, 90, metersEast);
        return new Fix
        {
            SensorTimeUnixMs = sensorTime,
            LatitudeE7 = (int)Math.Round(place.LatitudeDegrees * 1e7),
            LongitudeE7 = (int)Math.Round(place.LongitudeDegrees * 1e7),
            HorizontalAccuracyMeters = 5,
        };
    }

    private FixVerdict Judge(ref Fix fix, long sentAt = Now, long receivedAt = Now, ulong session = Session) =>
        Gate.Judge(ref fix, session, sentAt, receivedAt, ref _state, _limits);

    private FixVerdict JudgeLive(Fix fix) => Judge(ref fix, fix.SensorTimeUnixMs, fix.SensorTimeUnixMs);

    private void Accept(Fix fix) => Assert.Equal(FixVerdict.Accepted, JudgeLive(fix));
}
