using RideTracking.Engine.Roads.Graph;
using RideTracking.Engine.Roads.Matching;
using RideTracking.Engine.Tests.Roads.Graph;

namespace RideTracking.Engine.Tests.Roads.Matching;

/// <summary>Drives against one-way streets: of those who do so, and that others are not told to have done so.</summary>
public class AgainstOneWaysTests(ITestOutputHelper output)
{
    // A main street of which a piece of 80 m is one-way towards the west; round it go 680 m.
    private static readonly HandMadeRoads Roads = Drawn(RoadFlags.None, RoadClass.Residential);
    private static readonly RoadGraph Street = Roads.Builder.Build();

    [Theory]
    [InlineData(1, true)]
    [InlineData(1, false)]
    [InlineData(4, true)]
    [InlineData(4, false)]
    [InlineData(15, true)]
    [InlineData(15, false)]
    public void A_short_stretch_is_followed_as_it_was_driven(double interval, bool tellsCourse)
    {
        var matcher = new MapMatcher(new RoadIndex(Street));
        for (int seed = 0; seed < 20; seed++)
        {
            KnownDrive drive = Drive("abcd", seed, interval, tellsCourse);

            MatchedDrive matched = drive.Match(matcher);

            KnownDrive.AssertUnbroken(Street, matched);
            Assert.Equal(Roads.EdgesOf("abcd"), matched.Pieces.Single().Edges.Select(each => each.Edge));
            Assert.Equal(0, matched.BridgedMeters);
            Assert.Equal(80, KnownDrive.AgainstOneWays(Street, matched), 0.1);
            Assert.Equal(drive.Meters, matched.DistanceMeters, 20 + 10 * interval);
        }
    }

    [Theory]
    [InlineData(1, true)]
    [InlineData(1, false)]
    [InlineData(4, true)]
    [InlineData(4, false)]
    [InlineData(15, true)]
    [InlineData(15, false)]
    public void Who_drives_round_is_told_to_have_driven_round(double interval, bool tellsCourse)
    {
        var matcher = new MapMatcher(new RoadIndex(Street));
        for (int seed = 0; seed < 20; seed++)
        {
            MatchedDrive matched = Drive("abefcd", seed, interval, tellsCourse).Match(matcher);

            Assert.Equal(Roads.EdgesOf("abefcd"), matched.Pieces.Single().Edges.Select(each => each.Edge));
        }
    }

    // Where fixes are close the way is seen; where they are far apart round the block is as likely as through it.
    [Theory]
    [InlineData(1, 8, true)]
    [InlineData(1, 8, false)]
    [InlineData(4, 5, false)]
    [InlineData(15, 5, true)]
    [InlineData(15, 8, false)]
    public void In_a_city_of_one_ways_who_keeps_to_them_is_told_so(double interval, double noise, bool tellsCourse)
    {
        RoadGraph city = StreetGrid.Build(new StreetGridPlan { Center = Places.Porto });
        var matcher = new MapMatcher(new RoadIndex(city));
        double driven = 0, against = 0;
        for (int seed = 0; seed < 40; seed++)
        {
            KnownDrive drive = new KnownDrive(city, seed) { SecondsBetweenFixes = interval, NoiseMeters = noise, TellsCourse = tellsCourse }
                .FromAnywhere().Wander(4_000);
            driven += drive.Meters;
            against += KnownDrive.AgainstOneWays(city, drive.Match(matcher));
        }

        output.WriteLine($"{against:0} of {driven:0} m told against one-ways");
        Assert.InRange(against / driven, 0, 0.001);
    }

    [Theory]
    [InlineData(RoadFlags.Roundabout, RoadClass.Residential)]
    [InlineData(RoadFlags.None, RoadClass.Motorway)]
    public void Nobody_is_told_to_have_driven_against_a_roundabout_or_a_motorway(RoadFlags flags, RoadClass roadClass)
    {
        HandMadeRoads roads = Drawn(flags, roadClass);
        RoadGraph graph = roads.Builder.Build();
        var matcher = new MapMatcher(new RoadIndex(graph));

        MatchedDrive matched = Drive("abcd", 1, 1, true).Match(matcher);

        Assert.Equal(0, KnownDrive.AgainstOneWays(graph, matched));
        Assert.NotEmpty(matched.Pieces);
    }

    private static KnownDrive Drive(string way, int seed, double interval, bool tellsCourse)
    {
        int[] edges = Roads.EdgesOf(way);
        return new KnownDrive(Street, seed) { SecondsBetweenFixes = interval, TellsCourse = tellsCourse, MayDriveAgainstOneWays = true }
            .From(new RoadPosition(edges[0], 0.1)).Along(edges.AsSpan(1));
    }

    private static HandMadeRoads Drawn(RoadFlags flags, RoadClass roadClass) => new HandMadeRoads()
        .Junction('a', -600, 0).Junction('b', 0, 0).Junction('c', 80, 0).Junction('d', 680, 0).Junction('e', 0, -300).Junction('f', 80, -300)
        .Road("ab").Road("cb", oneWay: true, flags, roadClass: roadClass).Road("cd").Road("befc");
}
