using RideTracking.Engine.Geo;
using RideTracking.Engine.Ingest;
using RideTracking.Engine.Roads.Graph;
using RideTracking.Engine.Roads.Matching;
using RideTracking.Engine.Tests.Roads.Graph;

namespace RideTracking.Engine.Tests.Roads.Matching;

/// <summary>Drives through a made-up city of which the truth is known.</summary>
public sealed class MapMatcherTests(ITestOutputHelper output)
{
    private static readonly RoadGraph City = StreetGrid.Build(new StreetGridPlan { Center = Places.Porto });
    private static readonly MapMatcher Shared = new(new RoadIndex(City));

    private readonly MapMatcher _matcher = Shared.ForAnotherThread();

    // Noise of one deviation to each side; the share of the way that must be found, of way that was never driven, and the
    // error of the distance, over 20 drives of 4 km.
    [Theory]
    [InlineData(1, 3, true, 0.99, 0.01, 0.01)]
    [InlineData(1, 8, true, 0.98, 0.02, 0.02)]
    [InlineData(4, 5, true, 0.99, 0.01, 0.01)]
    [InlineData(4, 5, false, 0.98, 0.01, 0.01)]
    [InlineData(15, 5, true, 0.97, 0.03, 0.02)]
    [InlineData(15, 8, false, 0.92, 0.08, 0.03)]
    public void The_way_driven_is_found(double interval, double noise, bool tellsCourse, double found, double made, double error)
    {
        var figures = new List<(double Found, double Made, double Error)>();
        for (int seed = 0; seed < 20; seed++)
        {
            KnownDrive drive = new KnownDrive(City, seed) { SecondsBetweenFixes = interval, NoiseMeters = noise, TellsCourse = tellsCourse }
                .FromAnywhere().Wander(4_000);
            MatchedDrive matched = drive.Match(_matcher);
            KnownDrive.AssertUnbroken(City, matched);
            (double share, double invented) = drive.Compare(matched);

            // Nobody knows how far he went on after the last fix.
            figures.Add((share, invented, matched.DistanceMeters / drive.Meters - 1));
            if (share < 0.9)
            {
                output.WriteLine($"seed {seed}: {share:P1} found, {invented:P1} made up, {matched.DistanceMeters:0} of {drive.Meters:0} m, {matched.Pieces.Length} pieces");
            }
        }

        double last = interval * 8 / 4_000; // what is driven after the last fix, at most
        output.WriteLine($"found {figures.Average(each => each.Found):P2}, made up {figures.Average(each => each.Made):P2}, distance {figures.Average(each => each.Error):P2}");
        Assert.True(figures.Average(each => each.Found) + last >= found);
        Assert.True(figures.Average(each => each.Made) <= made);
        Assert.InRange(figures.Average(each => each.Error), -error - last, error);
    }

    [Theory]
    [InlineData(1, true)]
    [InlineData(2, true)]
    [InlineData(3, true)]
    [InlineData(1, false)]
    [InlineData(2, false)]
    [InlineData(3, false)]
    public void Standing_at_a_red_light_grows_no_distance(int seed, bool tellsSpeed)
    {
        KnownDrive drive = new KnownDrive(City, seed) { NoiseMeters = 8, TellsCourse = tellsSpeed }.FromAnywhere().Wander(1_000).Stand(180);
        int standing = drive.Fixes.Count;
        drive.Wander(1_000);
        double raw = Enumerable.Range(1, drive.Fixes.Count - 1).Sum(i => Earth.DistanceMeters(drive.Fixes[i - 1].Point, drive.Fixes[i].Point));

        MatchedDrive matched = drive.Match(_matcher);

        output.WriteLine($"driven {drive.Meters:0} m, matched {matched.DistanceMeters:0}, raw {raw:0}");
        Assert.True(raw > 1.5 * drive.Meters);
        Assert.InRange(matched.DistanceMeters, drive.Meters - 40, drive.Meters + 40); // the ends are uncertain, too
        double grown = matched.Fixes[standing - 1].AlongMeters - matched.Fixes[standing - 180].AlongMeters;
        Assert.InRange(grown, 0, 25); // 40 m of noise there and back, 180 times
        Assert.All(matched.Fixes, fix => Assert.True(fix.IsMatched));
    }

    [Fact]
    public void Without_fixes_in_a_tunnel_the_way_goes_on_through_it()
    {
        int entry = Enumerable.Range(0, City.EdgeCount).First(edge =>
            IsTunnel(edge) && City.KmhOf(edge) > 0 && !Before(edge).All(IsTunnel));
        int before = Before(entry).First(edge => !IsTunnel(edge));
        KnownDrive drive = new KnownDrive(City, 5) { IsSilent = IsTunnel }.From(new RoadPosition(before, 0)).DriveTo(1);
        for (int edge = entry; edge >= 0;)
        {
            drive.Along(edge);
            int[] nexts = [.. City.TurnsFrom(edge).ToArray().Select(City.EdgeOfState).Where(next => next != (edge ^ 1))];
            edge = IsTunnel(edge) ? nexts.FirstOrDefault(IsTunnel, nexts[0]) : -1;
        }

        drive.Wander(500);
        double inside = drive.Stretches.Where(each => IsTunnel(each.Edge)).Sum(each => City.LengthMeters(each.Edge));
        MatchedDrive matched = drive.Match(_matcher);

        output.WriteLine($"{inside:0} m of tunnel");
        Assert.True(inside > 200);
        Assert.Single(matched.Pieces);
        Assert.Equal(0, matched.BridgedMeters);
        Assert.True(drive.Compare(matched).Found > 0.97);
    }

    [Theory]
    [InlineData(1, true)]
    [InlineData(3, true)]
    [InlineData(1, false)]
    [InlineData(3, false)]
    public void Turning_round_on_the_road_is_followed(double interval, bool tellsCourse)
    {
        int edge = Enumerable.Range(0, City.EdgeCount).First(each => City.KmhOf(each) > 0 && City.KmhOf(each ^ 1) > 0
            && City.LengthMeters(each) > 80 && Before(each).Any(before => City.KmhOf(before ^ 1) > 0));
        int into = Before(edge).First(before => City.KmhOf(before ^ 1) > 0);
        KnownDrive drive = new KnownDrive(City, 3) { SecondsBetweenFixes = interval, TellsCourse = tellsCourse, NoiseMeters = 4 }
            .From(new RoadPosition(into, 0)).DriveTo(1).From(new RoadPosition(edge, 0)).DriveTo(0.8)
            .Stand(5).TurnRound().DriveTo(1).From(new RoadPosition(into ^ 1, 0)).DriveTo(1);

        MatchedDrive matched = drive.Match(_matcher);

        KnownDrive.AssertUnbroken(City, matched);
        Assert.Equal([into, edge, edge ^ 1, into ^ 1], matched.Pieces.Single().Edges.Select(each => each.Edge));
        Assert.Equal(drive.Meters, matched.DistanceMeters, 20 + 8 * interval);
    }

    [Fact]
    public void A_silence_that_hides_the_way_is_bridged_and_told_apart()
    {
        KnownDrive drive = new KnownDrive(City, 11).FromAnywhere().Wander(1_500);
        int first = drive.Fixes.Count;
        GeoPoint stopped = drive.Fixes[^1].Point;
        double before = drive.Meters;
        drive.IsSilent = _ => true;
        drive.Wander(4_000).Stand(600);
        drive.IsSilent = _ => false;
        double silent = drive.Meters - before;
        drive.Wander(1_500);

        MatchedDrive matched = drive.Match(_matcher);

        Assert.Equal(2, matched.Pieces.Length);
        Assert.Equal(Earth.DistanceMeters(stopped, drive.Fixes[first].Point), matched.BridgedMeters, 40.0);
        Assert.Equal(drive.Meters - silent, matched.RoadMeters, 50.0);
        Assert.Equal(0, matched.Fixes[first - 1].Piece);
        Assert.Equal(1, matched.Fixes[first].Piece);
        Assert.Equal(0, matched.UnmatchedShare);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Who_waits_longer_than_a_silence_may_be_is_not_silent(bool tellsSpeed)
    {
        KnownDrive drive = new KnownDrive(City, 12) { NoiseMeters = 3, TellsCourse = tellsSpeed }.FromAnywhere().Wander(1_000).Stand(1_200).Wander(1_000);

        MatchedDrive matched = drive.Match(_matcher);

        Assert.Single(matched.Pieces);
        Assert.Equal(0, matched.BridgedMeters);
        Assert.Equal(drive.Meters, matched.DistanceMeters, 40.0);
    }

    [Fact]
    public void Fixes_of_one_time_are_one_place()
    {
        KnownDrive drive = new KnownDrive(City, 13) { SecondsBetweenFixes = 4 }.FromAnywhere().Wander(2_000);

        MatchedDrive matched = _matcher.Match([.. drive.Fixes.Select(fix => fix with { FixedAtUnixMs = KnownDrive.Start })]);

        output.WriteLine($"{matched.RoadMeters:0} m on roads and {matched.BridgedMeters:0} m bridged of {drive.Meters:0}");
        Assert.InRange(matched.DistanceMeters, 0, 100);
    }

    [Theory]
    [InlineData(60, 80)]
    [InlineData(-150, 0)]
    [InlineData(700, 900)]
    [InlineData(30_000, 0)]
    public void A_wild_fix_is_left_out_and_breaks_nothing(double east, double north)
    {
        KnownDrive drive = new KnownDrive(City, 21) { SecondsBetweenFixes = 4, TellsCourse = false }.FromAnywhere().Wander(3_000);
        MatchedDrive clean = drive.Match(_matcher);
        int wild = drive.Fixes.Count / 2;

        MatchedDrive matched = drive.Displace(wild, east, north).Match(_matcher);

        Assert.Single(matched.Pieces);
        Assert.False(matched.Fixes[wild].IsMatched && matched.Fixes[wild].DistanceMeters < 20);
        Assert.Equal(clean.DistanceMeters, matched.DistanceMeters, 1.0);
        Assert.Equal(clean.Pieces[0].Edges.Select(each => each.Edge), matched.Pieces[0].Edges.Select(each => each.Edge));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    public void A_wild_fix_at_the_start_or_the_end_is_left_out(int index)
    {
        KnownDrive drive = new KnownDrive(City, 22) { SecondsBetweenFixes = 4 }.FromAnywhere().Wander(2_000);
        index = index < 0 ? drive.Fixes.Count - 1 : index;

        MatchedDrive matched = drive.Displace(index, 1_500, 1_200).Match(_matcher);

        Assert.Single(matched.Pieces);
        Assert.False(matched.Fixes[index].IsMatched);
        Assert.Equal(drive.Meters, matched.DistanceMeters, 90.0);
    }

    [Fact]
    public void Late_fixes_put_where_they_belong_give_the_drive_as_if_they_had_come_in_time()
    {
        KnownDrive drive = new KnownDrive(City, 31) { NoiseMeters = 6 }.FromAnywhere().Wander(3_000);
        MatchedDrive inTime = drive.Match(_matcher);
        var random = new Random(1);
        Fix[] late = [.. drive.Fixes.Where((_, i) => i % 100 is > 40 and < 90)];
        Fix[] prompt = [.. drive.Fixes.Except(late)];

        MatchedDrive without = _matcher.Match(prompt);
        random.Shuffle(late);
        MatchedDrive repaired = _matcher.Match([.. prompt.Concat(late).OrderBy(fix => fix.FixedAtUnixMs)]);

        Assert.Equal(inTime.Fixes, repaired.Fixes);
        Assert.Equal(inTime.BridgedMeters, repaired.BridgedMeters);
        Assert.Equal(inTime.Pieces.Select(piece => piece.LengthMeters), repaired.Pieces.Select(piece => piece.LengthMeters));
        Assert.Equal(inTime.Pieces.SelectMany(piece => piece.Edges), repaired.Pieces.SelectMany(piece => piece.Edges));
        Assert.True(drive.Compare(repaired).Found >= drive.Compare(without).Found);
    }

    [Fact]
    public void Far_from_all_roads_nothing_is_matched_and_the_distance_is_straight()
    {
        GeoPoint sea = Earth.Destination(Places.Porto, 270, 30_000);
        Fix[] fixes = [.. Enumerable.Range(0, 20).Select(i => At(Earth.Destination(sea, 0, 100 * i), i))];

        MatchedDrive matched = _matcher.Match(fixes);

        Assert.Empty(matched.Pieces);
        Assert.Equal(1, matched.UnmatchedShare);
        Assert.Equal(1_900, matched.BridgedMeters, 1.0);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(6)]
    public void What_is_driven_off_the_roads_at_either_end_is_bridged_and_what_no_car_drives_is_not(int fixesAtEnd)
    {
        // From one yard to another, 75 m a fix, along a road of a kilometre between them; and one fix that is nowhere.
        RoadGraph road = new HandMadeRoads().Junction('a', 0, 0).Junction('b', 1_000, 0).Road("ab").Builder.Build();
        var matcher = new MapMatcher(new RoadIndex(road));
        int last = 13 + fixesAtEnd;
        Fix[] fixes = [.. Enumerable.Range(-fixesAtEnd, last + fixesAtEnd + 1).Select(i => At(PlainMap.At(75 * i + 10, i < 0 ? 70 * -i : i > 13 ? 70 * (i - 13) : 0), i + fixesAtEnd))];

        MatchedDrive matched = matcher.Match([.. fixes, At(PlainMap.At(9_000, 9_000), fixes.Length)]);

        double end = Math.Sqrt(75 * 75 + 70 * 70) * fixesAtEnd;
        Assert.Equal(2 * end, matched.BridgedMeters, 40.0);
        Assert.Equal(13 * 75 + 2 * end, matched.DistanceMeters, 60.0);
    }

    [Fact]
    public void Nothing_and_a_single_fix_are_drives_of_no_length()
    {
        Assert.Equal(0, _matcher.Match([]).DistanceMeters);
        MatchedDrive one = _matcher.Match([At(City.JunctionAt(City.JunctionCount / 3), 0)]);
        Assert.Equal(0, one.DistanceMeters);
        Assert.True(one.Fixes[0].IsMatched);
    }

    [Fact]
    public void Fixes_out_of_order_are_refused() =>
        Assert.Throws<ArgumentException>(() => _matcher.Match([At(Places.Porto, 1), At(Places.Porto, 0)]));

    private static bool IsTunnel(int edge) => City.Segment(edge >> 1).Flags.HasFlag(RoadFlags.Tunnel);

    private static IEnumerable<int> Before(int edge) => Enumerable.Range(0, City.EdgeCount)
        .Where(each => each != (edge ^ 1) && City.KmhOf(each) > 0 && City.TurnsFrom(each).Contains(edge));

    private static Fix At(GeoPoint point, int second) => new()
    {
        FixedAtUnixMs = KnownDrive.Start + second * 5_000,
        LatitudeE7 = (int)Math.Round(point.LatitudeDegrees * 1e7),
        LongitudeE7 = (int)Math.Round(point.LongitudeDegrees * 1e7),
    };
}
