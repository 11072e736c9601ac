using Microsoft.Extensions.Options;
using RideTracking.Engine.Index;
using RideTracking.Server.Drivers;
using RideTracking.Server.Drivers.Reporting;

namespace RideTracking.Server.Tests.Streams.Reporting;

/// <summary>How often an app is asked to report, without a network.</summary>
public sealed class SessionPaceTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 8, 0, 0, TimeSpan.Zero);
    private static readonly ReportingMoment Free = new(DriverAvailability.Available, DriverWork.Idle, double.PositiveInfinity, false, false);
    private static readonly ReportingMoment Near = new(DriverAvailability.Available, DriverWork.ToPickup, 100, false, false);
    private static readonly ReportingMoment Paused = Free with { Availability = DriverAvailability.Paused };
    private static readonly ReportingPolicies Policies = new(Options.Create(new ReportingOptions()), Options.Create(new StreamOptions()));

    [Theory]
    [InlineData(DriverAvailability.Unspecified, DriverWork.Unspecified, false, false, ReportingPace.Normal)]
    [InlineData(DriverAvailability.Offline, DriverWork.Idle, false, true, ReportingPace.Rare)]
    [InlineData(DriverAvailability.Paused, DriverWork.Idle, false, true, ReportingPace.Rare)]
    [InlineData(DriverAvailability.LastTrip, DriverWork.Idle, false, true, ReportingPace.Rare)]
    [InlineData(DriverAvailability.Available, DriverWork.Idle, false, false, ReportingPace.Seldom)]
    [InlineData(DriverAvailability.Available, DriverWork.Idle, false, true, ReportingPace.Normal)]
    [InlineData(DriverAvailability.Available, DriverWork.Offered, false, false, ReportingPace.Normal)]
    [InlineData(DriverAvailability.Available, DriverWork.ToPickup, false, false, ReportingPace.Normal)]
    [InlineData(DriverAvailability.Available, DriverWork.ToPickup, true, false, ReportingPace.Close)]
    [InlineData(DriverAvailability.LastTrip, DriverWork.OnTrip, true, false, ReportingPace.Close)]
    [InlineData(DriverAvailability.Paused, DriverWork.OnTrip, false, false, ReportingPace.Normal)]
    // Whoever follows a car that is on no trip is not a rider.
    [InlineData(DriverAvailability.Available, DriverWork.Idle, true, false, ReportingPace.Seldom)]
    public void The_moment_decides(DriverAvailability availability, DriverWork work, bool isFollowed, bool isBusy, ReportingPace pace) =>
        Assert.Equal(pace, ReportingPaces.Of(new ReportingMoment(availability, work, 2_000, isFollowed, isBusy), 500));

    [Theory]
    [InlineData(500, ReportingPace.Close)]
    [InlineData(501, ReportingPace.Normal)]
    [InlineData(double.PositiveInfinity, ReportingPace.Normal)]
    public void Near_the_next_stop_a_driver_reports_closely(double meters, ReportingPace pace) =>
        Assert.Equal(pace, ReportingPaces.Of(Near with { NextStopMeters = meters }, 500));

    [Fact]
    public void Faster_comes_at_once_and_slower_only_when_it_lasted()
    {
        var pace = new SessionPace(Policies, Free, Start);
        var first = pace.Policy;
        Assert.Equal(TimeSpan.FromSeconds(15), first.MovingInterval.ToTimeSpan());
        Assert.True(pace.Look(Near, Start.AddSeconds(1)));
        Assert.Equal(TimeSpan.FromSeconds(1), pace.Policy.MovingInterval.ToTimeSpan());
        Assert.True(pace.Policy.PolicyVersion > first.PolicyVersion);

        for (var second = 10; second < 30; second++)
        {
            Assert.False(pace.Look(Free, Start.AddSeconds(second)));
        }

        Assert.False(pace.Look(Near, Start.AddSeconds(29.5)));
        Assert.False(pace.Look(Free, Start.AddSeconds(30)));
        Assert.False(pace.Look(Free, Start.AddSeconds(49)));
        Assert.True(pace.Look(Free, Start.AddSeconds(50)));
        Assert.Equal(ReportingPace.Seldom, pace.Pace);
    }

    [Fact]
    public void It_does_not_flap_whatever_happens_and_versions_rise()
    {
        var random = new Random(3);
        ReportingMoment[] moments = [Free, Near, Paused, Free with { IsBusyPlace = true }];
        var pace = new SessionPace(Policies, Free, Start);
        var (version, changedAt, changes) = (pace.Policy.PolicyVersion, DateTimeOffset.MinValue, 0);
        for (var tenth = 1; tenth < 20_000; tenth++)
        {
            var now = Start.AddMilliseconds(100 * tenth);
            var before = pace.Pace;
            if (pace.Look(moments[random.Next(moments.Length)], now))
            {
                Assert.NotEqual(before, pace.Pace);
                Assert.True(now - changedAt >= Policies.Options.ChangeInterval);
                Assert.True(pace.Policy.PolicyVersion > version);
                (version, changedAt) = (pace.Policy.PolicyVersion, now);
                changes++;
            }
        }

        // As soon as it is fast, somebody wants it fast too often to slow down.
        Assert.InRange(changes, 1, 10);
    }

    [Fact]
    public void A_change_never_makes_stale_or_silent_who_kept_to_the_policy_before()
    {
        var pace = new SessionPace(Policies, Paused, Start);
        // 4 times 5 min; as many heartbeats of a minute as of the normal 20 s in 75 s.
        Assert.Equal((TimeSpan.FromMinutes(20), TimeSpan.FromSeconds(225)), (pace.StaleAfter(Start), pace.SilentAfter(Start)));

        // The last fix may be five minutes old now, and the last word 48 s.
        var changed = Start.AddMinutes(10);
        Assert.True(pace.Look(Near, changed));
        var before = changed - TimeSpan.FromMinutes(5);
        for (var second = 0; second < 75; second++)
        {
            var now = changed.AddSeconds(second);
            Assert.True(now - before < pace.StaleAfter(now));
            Assert.True(now - (changed - TimeSpan.FromSeconds(48)) < pace.SilentAfter(now));
        }

        // Then the new one counts: never less than what anybody is given.
        var later = changed.AddMinutes(2);
        Assert.Equal((TimeSpan.FromMinutes(2), TimeSpan.FromSeconds(75)), (pace.StaleAfter(later), pace.SilentAfter(later)));

        // Told twice in a row: the app may still follow the first.
        Assert.False(pace.Look(Paused, later));
        Assert.True(pace.Look(Paused, later.AddSeconds(20)));
        Assert.True(pace.Look(Near, later.AddSeconds(26)));
        Assert.Equal(TimeSpan.FromMinutes(20), pace.StaleAfter(later.AddSeconds(60)));
    }
}
