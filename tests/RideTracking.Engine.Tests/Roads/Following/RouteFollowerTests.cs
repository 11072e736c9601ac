using RideTracking.Engine.Ingest;
using RideTracking.Engine.Roads;
using RideTracking.Engine.Roads.Following;

namespace RideTracking.Engine.Tests.Roads.Following;

public sealed class RouteFollowerTests
{
    private static readonly (double, double)[] Angle = [(0, 0), (1_000, 0), (1_000, 1_000)];

    // Five digits of a degree put each corner up to a metre off.
    private const double Tolerance = 3;

    [Fact]
    public void Before_the_first_fix_the_whole_route_remains()
    {
        RouteProgress start = new RouteFollower(FollowedDrive.Along(Angle, 1, 2)).Progress;

        Assert.Equal(2_000, start.RemainingMeters, Tolerance);
        Assert.Equal(200, start.RemainingTime.TotalSeconds, 0.5);
        Assert.Equal(1_000, start.NextWaypointMeters, Tolerance);
        Assert.Equal(0, start.NextWaypoint);
        Assert.False(start.IsOffRoute);
    }

    [Fact]
    public void Distance_and_time_shrink_with_each_fix()
    {
        FollowedDrive drive = new FollowedDrive(FollowedDrive.Along(Angle, 1, 2)).Through((0, 0), (600, 0));

        Assert.Equal(600, drive.Last.DrivenMeters, Tolerance);
        Assert.Equal(1_400, drive.Last.RemainingMeters, Tolerance);
        Assert.Equal(140, drive.Last.RemainingTime.TotalSeconds, 0.5);
        Assert.Equal(400, drive.Last.NextWaypointMeters, Tolerance);
        Assert.Equal(40, drive.Last.NextWaypointTime.TotalSeconds, 0.5);
        Assert.True(drive.Last.DistanceToRouteMeters < 2);
    }

    [Fact]
    public void Who_is_slow_beside_a_waypoint_has_arrived_and_the_next_leg_begins()
    {
        FollowedDrive drive = new FollowedDrive(FollowedDrive.Along(Angle, 1, 2)).Through((0, 0), (985, 0));
        Assert.Equal(WaypointVisit.NotYet, drive.Follower.VisitOf(0));

        drive.Stand(1);

        Assert.Equal(WaypointVisit.Arrived, drive.Follower.VisitOf(0));
        Assert.Equal(1, drive.Last.NextWaypoint);
        Assert.Equal(1_015, drive.Last.NextWaypointMeters, Tolerance);
        drive.Through((1_000, 0), (1_000, 995)).Stand(1);
        Assert.Equal(WaypointVisit.Arrived, drive.Follower.VisitOf(1));
        Assert.Equal(0, drive.Last.RemainingMeters);
        Assert.Equal(TimeSpan.Zero, drive.Last.RemainingTime);
    }

    [Fact]
    public void A_red_light_on_the_way_is_no_arrival()
    {
        FollowedDrive drive = new FollowedDrive(FollowedDrive.Along(Angle, 1, 2)).Through((0, 0), (900, 0)).Stand(60);

        Assert.Equal(WaypointVisit.NotYet, drive.Follower.VisitOf(0));
        Assert.Equal(900, drive.Last.DrivenMeters, Tolerance);
    }

    [Fact]
    public void Who_drives_on_past_a_waypoint_has_passed_it_by()
    {
        FollowedDrive drive = new FollowedDrive(FollowedDrive.Along(Angle, 1, 2)).Through((0, 0), (1_000, 0), (1_000, 40));
        Assert.Equal(0, drive.Last.NextWaypoint);

        drive.Through((1_000, 80));

        Assert.Equal(WaypointVisit.PassedBy, drive.Follower.VisitOf(0));
        Assert.Equal(1, drive.Last.NextWaypoint);
        Assert.False(drive.Last.IsOffRoute);
    }

    [Fact]
    public void Who_drives_on_past_the_end_of_the_route_has_passed_it_by()
    {
        FollowedDrive drive = new FollowedDrive(FollowedDrive.Along(Angle, 2)).Through((0, 0), (1_000, 0), (1_000, 1_150));

        Assert.Equal(WaypointVisit.PassedBy, drive.Follower.VisitOf(0));
        Assert.Equal(1, drive.Last.NextWaypoint);
    }

    [Fact]
    public void A_waypoint_across_the_road_is_not_reached_before_the_route_has_turned_back()
    {
        // Out along a boulevard, back on its other side 20 m away; the rider waits near the start of it.
        Route route = FollowedDrive.Along([(0, 0), (800, 0), (800, 20), (200, 20)], 3);
        FollowedDrive drive = new FollowedDrive(route).Through((0, 0), (200, 0)).Stand(5);
        Assert.Equal(WaypointVisit.NotYet, drive.Follower.VisitOf(0));

        drive.Through((800, 0));
        Assert.Equal(WaypointVisit.NotYet, drive.Follower.VisitOf(0));
        Assert.False(drive.Last.IsOffRoute);

        drive.Through((800, 20), (205, 20)).Stand(1);
        Assert.Equal(WaypointVisit.Arrived, drive.Follower.VisitOf(0));
    }

    [Fact]
    public void Leaving_the_route_is_told_after_a_few_fixes_and_ends_when_the_driver_is_back()
    {
        FollowedDrive drive = new FollowedDrive(FollowedDrive.Along([(0, 0), (2_000, 0)], 1)).Through((0, 0), (500, 0));
        drive.Through((500, 60));
        Assert.False(drive.Last.IsOffRoute); // two fixes beyond 40 m

        drive.Through((500, 200));
        Assert.True(drive.Last.IsOffRoute);
        Assert.Equal(500, drive.Last.DrivenMeters, 12.0);
        Assert.Equal(200, drive.Last.DistanceToRouteMeters, Tolerance);

        drive.Through((900, 200), (900, 0));
        int backAt = drive.Seen.Count;
        drive.Through((1_000, 0));
        Assert.False(drive.Last.IsOffRoute);
        Assert.Equal(1_000, drive.Last.DrivenMeters, Tolerance);
        Assert.All(drive.Seen[backAt..], each => Assert.True(each.DrivenMeters > 880));
    }

    [Fact]
    public void One_wild_fix_is_not_leaving_the_route()
    {
        FollowedDrive drive = new FollowedDrive(FollowedDrive.Along([(0, 0), (2_000, 0)], 1)).Through((0, 0), (500, 0));
        drive.Outlier((700, 400)).Outlier((300, -900)).Through((1_000, 0));

        Assert.DoesNotContain(drive.Seen, each => each.IsOffRoute);
        Assert.Equal(1_000, drive.Last.DrivenMeters, Tolerance);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Turning_round_on_the_road_is_leaving_the_route_although_the_line_is_near(bool tellsCourse)
    {
        FollowedDrive drive = new FollowedDrive(FollowedDrive.Along([(0, 0), (2_000, 0)], 1)) { TellsCourse = tellsCourse, SecondsBetweenFixes = 3 };
        drive.Through((0, 0), (800, 0), (500, 0));

        Assert.True(drive.Last.IsOffRoute);
        Assert.Equal(800, drive.Last.DrivenMeters, 35.0);

        // Turned again: on the route, from further back.
        drive.Through((700, 0));
        Assert.False(drive.Last.IsOffRoute);
        Assert.Equal(700, drive.Last.DrivenMeters, Tolerance);
    }

    [Fact]
    public void A_bad_accuracy_widens_what_is_on_the_route()
    {
        var follower = new RouteFollower(FollowedDrive.Along([(0, 0), (2_000, 0)], 1));
        var drive = new FollowedDrive(FollowedDrive.Along([(0, 0), (2_000, 0)], 1));
        for (int i = 1; i < 30; i++)
        {
            Fix fix = drive.FixAt((i * 10, 150), i * 1_000, 10, 90);
            fix.HorizontalAccuracyMeters = 100;
            Assert.False(follower.Observe(fix).IsOffRoute);
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Progress_never_falls_by_jitter(int seed)
    {
        FollowedDrive drive = new FollowedDrive(FollowedDrive.Along(Angle, 1, 2), seed, noiseMeters: 8)
            .Through((0, 0), (400, 0)).Stand(120).Through((1_000, 0), (1_000, 300)).Stand(120).Through((1_000, 700));

        for (int i = 1; i < drive.Seen.Count; i++)
        {
            Assert.True(drive.Seen[i].DrivenMeters >= drive.Seen[i - 1].DrivenMeters, $"fix {i}, seed {seed}");
        }

        Assert.Equal(1_700, drive.Last.DrivenMeters, 30.0);
        Assert.DoesNotContain(drive.Seen, each => each.IsOffRoute);
    }

    [Theory]
    [InlineData(true, 1)]
    [InlineData(true, 5)]
    [InlineData(false, 1)]
    [InlineData(false, 5)]
    public void A_route_that_crosses_itself_is_driven_through_in_order(bool tellsCourse, double interval)
    {
        // East, then a loop to the left that comes down through the first stretch.
        (double, double)[] line = [(0, 0), (600, 0), (600, 300), (300, 300), (300, -400)];
        FollowedDrive drive = new FollowedDrive(FollowedDrive.Along(line, 4), 7, noiseMeters: 4)
        {
            TellsCourse = tellsCourse,
            SecondsBetweenFixes = interval,
        };
        drive.Through([.. line.Take(2)]);
        Assert.Equal(600, drive.Last.DrivenMeters, 15.0);
        drive.Through([.. line.Skip(2)]);

        Assert.Equal(1_900, drive.Last.DrivenMeters, 15.0);
        for (int i = 1; i < drive.Seen.Count; i++)
        {
            Assert.InRange(drive.Seen[i].DrivenMeters - drive.Seen[i - 1].DrivenMeters, 0, 10 * interval + 30);
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_street_driven_twice_is_two_stretches_of_the_route(bool tellsCourse)
    {
        // Into a dead end to a waypoint and out again, then on; and once round a block through the first street again.
        (double, double)[] line = [(0, 0), (500, 0), (0, 0), (0, 300), (-300, 300), (-300, 0), (500, 0)];
        FollowedDrive drive = new FollowedDrive(FollowedDrive.Along(line, 1, 6), 3, noiseMeters: 3) { TellsCourse = tellsCourse };
        drive.Through([.. line.Take(2)]).Stand(10);
        Assert.Equal(1, drive.Last.NextWaypoint);
        drive.Through(line[2]);
        Assert.Equal(1_000, drive.Last.DrivenMeters, 20.0);
        drive.Through([.. line.Skip(3).Take(3)]);
        Assert.Equal(1_900, drive.Last.DrivenMeters, 20.0);
        drive.Through((200, 0));
        Assert.Equal(2_400, drive.Last.DrivenMeters, 20.0);
        Assert.DoesNotContain(drive.Seen, each => each.IsOffRoute);
    }

    [Fact]
    public void A_silence_is_caught_up_with()
    {
        FollowedDrive drive = new FollowedDrive(FollowedDrive.Along([(0, 0), (5_000, 0)], 1)).Through((0, 0), (500, 0));
        drive.Silently(120, (2_500, 0)).Through((2_600, 0));

        Assert.Equal(2_600, drive.Last.DrivenMeters, Tolerance);
        Assert.DoesNotContain(drive.Seen, each => each.IsOffRoute);
    }

    [Fact]
    public void A_roundabout_circled_once_more_than_told_is_no_leaving()
    {
        (double East, double North)[] circle = [.. Enumerable.Range(0, 25).Select(i => (500 + 25 * Math.Sin(i * Math.PI / 12 - Math.PI / 2), -25 * Math.Cos(i * Math.PI / 12 - Math.PI / 2)))];
        // Half round on the way, half and a whole turn as driven.
        FollowedDrive drive = new FollowedDrive(FollowedDrive.Along([(0, 0), .. circle[..13], (1_000, 0)], 14)).Through((0, 0), (470, 0));
        drive.Through([.. circle, .. circle[1..13], (1_000, 0)]);

        Assert.DoesNotContain(drive.Seen, each => each.IsOffRoute);
        Assert.Equal(0, drive.Last.RemainingMeters, Tolerance);
    }

    [Theory]
    [InlineData(4)]
    [InlineData(1)]
    public void The_other_carriageway_in_the_other_direction_is_one_leaving(double secondsBetweenFixes)
    {
        FollowedDrive drive = new FollowedDrive(FollowedDrive.Along([(0, 0), (3_000, 0)], 1)) { SecondsBetweenFixes = secondsBetweenFixes }.Through((0, 0), (1_500, 0));
        drive.Through((1_500, 25), (900, 25));

        Assert.True(drive.Last.IsOffRoute);
        Assert.Single(drive.Seen.Zip(drive.Seen.Skip(1)), pair => pair.Second.IsOffRoute && !pair.First.IsOffRoute);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Ten_minutes_at_a_fork_in_bad_reception_are_no_leaving(bool tellsSpeed)
    {
        for (int seed = 1; seed <= 20; seed++)
        {
            FollowedDrive drive = new FollowedDrive(FollowedDrive.Along([(0, 0), (1_000, 0), (2_000, 300)], 2), seed, noiseMeters: 25) { TellsCourse = tellsSpeed }.Through((0, 0), (1_000, 0));
            drive.Stand(600).Through((1_200, 60));

            Assert.DoesNotContain(drive.Seen, each => each.IsOffRoute);
        }
    }

    [Fact]
    public void A_late_fix_changes_nothing()
    {
        FollowedDrive drive = new FollowedDrive(FollowedDrive.Along([(0, 0), (2_000, 0)], 1)).Through((0, 0), (500, 0));
        RouteProgress before = drive.Last;

        Assert.Equal(before, drive.Follower.Observe(drive.FixAt((100, 0), 1_750_000_000_000, 10, 90)));
        Assert.Equal(before, drive.Follower.Progress);
    }

    [Fact]
    public void On_a_straight_line_what_remains_is_as_the_crow_flies_and_streets_may_bend()
    {
        FollowedDrive drive = new FollowedDrive(FollowedDrive.Straight((0, 0), (3_000, 0), (3_000, 2_000)));
        drive.Through((0, 0), (0, 800), (3_000, 800));
        Assert.DoesNotContain(drive.Seen, each => each.IsOffRoute);
        Assert.Equal(800, drive.Last.NextWaypointMeters, Tolerance);
        Assert.Equal(2_800, drive.Last.RemainingMeters, 2 * Tolerance);
        Assert.Equal(280, drive.Last.RemainingTime.TotalSeconds, 1.0);

        drive.Through((3_000, 10)).Stand(1);
        Assert.Equal(WaypointVisit.Arrived, drive.Follower.VisitOf(0));
        Assert.Equal(2_000, drive.Last.NextWaypointMeters, 15.0);

        drive.Through((8_000, 10));
        Assert.True(drive.Last.IsOffRoute);
        drive.Through((3_000, 500));
        Assert.False(drive.Last.IsOffRoute);
    }

    [Fact]
    public void Standing_at_the_only_waypoint_is_arriving_even_on_a_route_of_no_length()
    {
        FollowedDrive drive = new FollowedDrive(FollowedDrive.Along([(0, 0), (0, 0)], 1)).Through((0, 0)).Stand(1);

        Assert.Equal(WaypointVisit.Arrived, drive.Follower.VisitOf(0));
        Assert.Equal(0, drive.Last.RemainingMeters);
    }

    [Fact]
    public void A_route_of_nothing_is_refused() =>
        Assert.Throws<ArgumentException>(() => new RouteFollower(new Route("", [], RouteSource.StraightLine)));

    [Fact]
    public void A_fix_allocates_nothing()
    {
        (double, double)[] line = [.. Enumerable.Range(0, 2_000).Select(i => (i * 20.0, 10 * Math.Sin(i)))];
        var drive = new FollowedDrive(FollowedDrive.Along(line, line.Length - 1));
        Fix[] fixes = [.. Enumerable.Range(1, 1_000).Select(i => drive.FixAt((i * 10, 0), i * 1_000, 10, 90))];
        Assert.Equal(0, Allocated.By(() =>
        {
            var follower = new RouteFollower(FollowedDrive.Along(line, line.Length - 1));
            follower.Observe(fixes[0]);
            return () =>
            {
                foreach (Fix fix in fixes)
                {
                    follower.Observe(fix);
                }
            };
        }));
    }
}
