using RideTracking.Engine.Roads.Graph;

namespace RideTracking.Engine.Tests.Roads.Graph;

/// <summary>Turns, restrictions, delays and connected parts of networks small enough to be seen through.</summary>
public class RoadGraphBuilderTests
{
    // d e f
    // a b c, 100 m apart, all streets two-way.
    private static HandMadeRoads TwoBlocks(RoadGraphBuilder? builder = null) => new HandMadeRoads { Builder = builder ?? new() }
        .Junction('a', 0, 0).Junction('b', 100, 0).Junction('c', 200, 0)
        .Junction('d', 0, 100).Junction('e', 100, 100).Junction('f', 200, 100)
        .Road("abc").Road("def").Road("ad").Road("be").Road("cf");

    [Fact]
    public void Segments_have_length_time_name_and_shape()
    {
        HandMadeRoads roads = new HandMadeRoads().Junction('a', 0, 0).Junction('b', 100, 0);
        roads.Builder.AddSegment(
            new SegmentTraits
            {
                WayId = 77,
                FromJunction = 0,
                ToJunction = 1,
                ForwardKmh = 36,
                BackwardKmh = 18,
                Class = RoadClass.Primary,
                Name = "Long Street",
            },
            [PlainMap.At(0, 100), PlainMap.At(100, 100)]);
        RoadGraph graph = roads.Builder.Build();
        Assert.Equal(300, graph.LengthMeters(0), 0.1);
        Assert.Equal(30_000, graph.FreeFlowMilliseconds(0), 10.0);
        Assert.Equal(60_000, graph.FreeFlowMilliseconds(1), 20.0);
        Assert.Equal("Long Street", graph.NameOf(0));
        Assert.Equal(4, graph.PointCount(0));
        Assert.Equal((77, 'a', 'b'), (graph.Segment(0).WayId, (char)graph.JunctionId(0), (char)graph.JunctionId(1)));
        Assert.Equal(graph.JunctionAt(1), graph.PointOf(0, 3));
    }

    [Fact]
    public void One_turns_round_only_where_a_road_ends()
    {
        HandMadeRoads roads = TwoBlocks().Junction('x', 300, 0).Road("cx");
        RoadGraph graph = roads.Builder.Build();
        Assert.Equal([roads.Edge("xc")], graph.TurnsFrom(roads.Edge("cx")).ToArray());
        for (int edge = 0; edge < graph.EdgeCount; edge++)
        {
            Assert.Equal(edge == roads.Edge("cx"), graph.TurnsFrom(edge).Contains(edge ^ 1));
        }
    }

    [Fact]
    public void A_forbidden_turn_is_driven_around()
    {
        HandMadeRoads roads = TwoBlocks();
        Assert.Equal("abe", roads.Way(roads.Builder.Build(), "ab", "be"));
        roads = TwoBlocks().Forbid("abe");
        // Around both blocks, so as to come to b from c without turning round.
        Assert.Equal("abcfebadefcbe", roads.Way(roads.Builder.Build(), "ab", "be"));
    }

    [Fact]
    public void Where_all_turns_are_forbidden_one_turns_round()
    {
        HandMadeRoads roads = TwoBlocks().Forbid("abe").Forbid("abc");
        Assert.Equal([roads.Edge("ba")], roads.Builder.Build().TurnsFrom(roads.Edge("ab")).ToArray());
    }

    [Fact]
    public void A_demanded_turn_is_the_only_one()
    {
        HandMadeRoads roads = TwoBlocks().Demand("abe");
        RoadGraph graph = roads.Builder.Build();
        Assert.Equal([roads.Edge("be")], graph.TurnsFrom(roads.Edge("ab")).ToArray());
        Assert.Equal(2, graph.TurnsFrom(roads.Edge("cb")).Length);
    }

    [Fact]
    public void Two_demands_for_one_start_allow_both()
    {
        HandMadeRoads roads = TwoBlocks().Junction('s', 100, -100).Road("bs").Demand("abe").Demand("abs");
        Assert.Equal(
            new[] { roads.Edge("be"), roads.Edge("bs") }.Order(), roads.Builder.Build().TurnsFrom(roads.Edge("ab")).ToArray().Order());
    }

    [Fact]
    public void A_demanded_turn_round_is_one()
    {
        HandMadeRoads roads = TwoBlocks().Demand("aba");
        Assert.Equal([roads.Edge("ba")], roads.Builder.Build().TurnsFrom(roads.Edge("ab")).ToArray());
    }

    [Fact]
    public void A_forbidden_turn_round_leaves_a_dead_end_without_a_way_back()
    {
        HandMadeRoads roads = TwoBlocks().Junction('x', 300, 0).Road("cx").Forbid("cxc");
        RoadGraph graph = roads.Builder.Build();
        Assert.Equal(0, graph.TurnsFrom(roads.Edge("cx")).Length);
        Assert.False(graph.Segment(roads.Edge("cx") >> 1).Flags.HasFlag(RoadFlags.Connected));
        Assert.True(graph.Segment(roads.Edge("bc") >> 1).Flags.HasFlag(RoadFlags.Connected));
    }

    [Fact]
    public void A_restriction_over_a_way_binds_only_who_comes_along_it()
    {
        HandMadeRoads roads = TwoBlocks().Forbid("abed");
        RoadGraph graph = roads.Builder.Build();
        Assert.Equal(graph.EdgeCount + 1, graph.StateCount);
        Assert.Equal(roads.Edge("be"), graph.EdgeOfState(graph.EdgeCount));
        Assert.Equal("cbed", roads.Way(graph, "cb", "ed"));
        Assert.Equal("abef", roads.Way(graph, "ab", "ef"));
        Assert.NotEqual("abed", roads.Way(graph, "ab", "ed"));
        Assert.NotNull(roads.Way(graph, "ab", "ed"));
    }

    [Fact]
    public void A_demand_over_a_way_is_followed_to_its_end()
    {
        HandMadeRoads roads = TwoBlocks().Demand("abed");
        RoadGraph graph = roads.Builder.Build();
        Assert.Equal([graph.EdgeCount], graph.TurnsFrom(roads.Edge("ab")).ToArray());
        Assert.Equal([roads.Edge("ed")], graph.TurnsFrom(graph.EdgeCount).ToArray());
        Assert.Equal("cbef", roads.Way(graph, "cb", "ef"));
    }

    [Fact]
    public void Overlapping_restrictions_over_ways_all_hold()
    {
        // Who has driven a b e is also on the way b e d of another restriction, which starts one edge later.
        HandMadeRoads roads = TwoBlocks().Forbid("abef").Forbid("beda");
        RoadGraph graph = roads.Builder.Build();
        foreach (int start in Enumerable.Range(0, graph.EdgeCount))
        {
            PlainWays ways = PlainWays.From(graph, start);
            foreach (int end in Enumerable.Range(0, graph.EdgeCount))
            {
                string way = string.Join(' ', ways.To(end)!);
                Assert.DoesNotContain(string.Join(' ', roads.EdgesOf("abef")), way, StringComparison.Ordinal);
                Assert.DoesNotContain(string.Join(' ', roads.EdgesOf("beda")), way, StringComparison.Ordinal);
            }
        }
    }

    [Fact]
    public void Restrictions_agree_with_a_plain_list_of_forbidden_ways_on_random_networks()
    {
        for (int seed = 0; seed < 150; seed++)
        {
            var random = new Random(seed);
            HandMadeRoads roads = TwoBlocks();
            var forbidden = new List<int[]>();
            for (int i = 0; i < 5; i++)
            {
                var way = new List<int> { random.Next(2 * roads.Builder.SegmentCount) };
                RoadGraph free = TwoBlocks().Builder.Build();
                while (way.Count < random.Next(2, 6))
                {
                    way.Add(free.TurnsFrom(way[^1])[random.Next(free.TurnsFrom(way[^1]).Length)]);
                }

                if (way.Count > 1)
                {
                    forbidden.Add([.. way]);
                    roads.Builder.Forbid(way.ToArray());
                }
            }

            RoadGraph graph = roads.Builder.Build();
            int start = random.Next(graph.EdgeCount);
            var drawn = new List<int> { start };
            for (int state = start; drawn.Count < 60 && graph.TurnsFrom(state).Length > 0;)
            {
                int[] follows = [.. graph.TurnsFrom(state).ToArray().Select(graph.EdgeOfState)];
                int[] expected = [.. Enumerable.Range(0, graph.EdgeCount).Where(next =>
                    graph.TailOf(next) == graph.HeadOf(drawn[^1]) && next != (drawn[^1] ^ 1) && graph.KmhOf(next) > 0
                    && !forbidden.Any(way => drawn.Append(next).TakeLast(way.Length).SequenceEqual(way)))];
                Assert.Equal(expected.Order(), follows.Where(next => next != (drawn[^1] ^ 1)).Order());
                state = graph.TurnsFrom(state)[random.Next(follows.Length)];
                drawn.Add(graph.EdgeOfState(state));
            }
        }
    }

    [Fact]
    public void Turning_across_the_oncoming_traffic_takes_longer()
    {
        HandMadeRoads roads = TwoBlocks().Junction('s', 100, -100).Road("bs");
        RoadGraph graph = roads.Builder.Build();
        int left = DelayOf(graph, roads.Edge("ab"), roads.Edge("be"));
        int right = DelayOf(graph, roads.Edge("ab"), roads.Edge("bs"));
        int straight = DelayOf(graph, roads.Edge("ab"), roads.Edge("bc"));
        Assert.Equal((54, 21, 0), (left, right, straight));
        roads = TwoBlocks(new RoadGraphBuilder { DrivesOnLeft = true }).Junction('s', 100, -100).Road("bs");
        graph = roads.Builder.Build();
        Assert.True(graph.DrivesOnLeft);
        Assert.Equal(21, DelayOf(graph, roads.Edge("ab"), roads.Edge("be")));
    }

    [Fact]
    public void A_bend_is_no_turn_and_signals_and_stops_take_their_time()
    {
        HandMadeRoads roads = new HandMadeRoads().Junction('a', 0, 0).Junction('b', 100, 0, delay: 30).Junction('c', 100, 100)
            .Road("ab", delay: 40).Road("bc");
        RoadGraph graph = roads.Builder.Build();
        Assert.Equal(70, DelayOf(graph, roads.Edge("ab"), roads.Edge("bc")));
        Assert.Equal(30, DelayOf(graph, roads.Edge("cb"), roads.Edge("ba")));
        Assert.Equal(200, DelayOf(graph, roads.Edge("bc"), roads.Edge("cb")));
    }

    [Fact]
    public void Who_does_not_start_or_end_there_avoids_destination_roads()
    {
        // A private short cut across a block, by z.
        HandMadeRoads roads = TwoBlocks().Junction('z', 150, 50).Road("bzf", flags: RoadFlags.DestinationOnly);
        RoadGraph graph = roads.Builder.Build();
        Assert.DoesNotContain("z", roads.Way(graph, "ab", "fc"), StringComparison.Ordinal);
        Assert.Equal("abz", roads.Way(graph, "ab", "bz"));
        Assert.Equal("abzf", roads.Way(graph, "ab", "zf"));
        Assert.Equal("zfc", roads.Way(graph, "zf", "fc"));
        Assert.Equal("bzfc", roads.Way(graph, "bz", "fc"));
        AssertConnected(graph);
    }

    [Fact]
    public void A_road_behind_a_private_one_is_reached_and_left()
    {
        HandMadeRoads roads = TwoBlocks().Junction('x', 300, 0).Junction('y', 400, 0).Junction('z', 400, 100)
            .Road("cx", flags: RoadFlags.DestinationOnly).Road("xyzx");
        RoadGraph graph = roads.Builder.Build();
        Assert.Equal("bcxyz", roads.Way(graph, "bc", "yz"));
        Assert.Equal("yzxcb", roads.Way(graph, "yz", "cb"));
        AssertConnected(graph);
    }

    [Fact]
    public void A_public_dead_end_before_a_private_gate_has_a_turn_round()
    {
        HandMadeRoads roads = TwoBlocks().Junction('x', 300, 0).Junction('y', 400, 0)
            .Road("cx").Road("xy", flags: RoadFlags.DestinationOnly);
        RoadGraph graph = roads.Builder.Build();
        Assert.Equal("cxc", roads.Way(graph, "cx", "xc"));
        AssertConnected(graph);
    }

    [Fact]
    public void A_gate_for_own_traffic_is_passed_by_who_starts_or_ends_behind_it()
    {
        // An estate of g x h y between two streets, with a gate to each.
        HandMadeRoads roads = new HandMadeRoads()
            .Junction('a', 0, 0).Junction('b', 100, 0).Junction('c', 200, 0).Junction('d', 0, 100).Junction('e', 100, 100).Junction('f', 200, 100)
            .Junction('g', 100, 20, isGate: true).Junction('x', 100, 50).Junction('h', 100, 80, isGate: true).Junction('y', 150, 50)
            .Road("abcfeda").Road("bgxhe").Road("xy");
        RoadGraph graph = roads.Builder.Build();
        Assert.Equal("abgxy", roads.Way(graph, "ab", "xy"));
        Assert.Equal("yxhe", roads.Way(graph, "yx", "he"));
        Assert.Equal("yxhef", roads.Way(graph, "yx", "ef"));
        Assert.Equal("bgxh", roads.Way(graph, "bg", "xh"));
        // Through it would be shorter.
        Assert.Equal("abcfe", roads.Way(graph, "ab", "fe"));
        Assert.Equal("bcfed", roads.Way(graph, "bc", "ed"));
    }

    [Fact]
    public void A_gate_across_a_street_is_driven_around_by_all()
    {
        HandMadeRoads roads = new HandMadeRoads()
            .Junction('a', 0, 0).Junction('b', 100, 0).Junction('c', 200, 0).Junction('d', 0, 100).Junction('e', 100, 100).Junction('f', 200, 100)
            .Junction('g', 100, 50, isGate: true).Road("abcfeda").Road("bge");
        RoadGraph graph = roads.Builder.Build();
        Assert.Equal("abcfeg", roads.Way(graph, "ab", "eg"));
        Assert.Equal("bgb", roads.Way(graph, "bg", "gb"));
        Assert.All("bg gb eg ge".Split(' '), edge => Assert.True(graph.Segment(roads.Edge(edge) >> 1).Flags.HasFlag(RoadFlags.Connected)));
    }

    [Fact]
    public void A_road_that_leads_nowhere_is_no_way_on()
    {
        // A dual carriageway cut off by the edge of the map: x to y leads out, z to x leads in.
        HandMadeRoads roads = TwoBlocks().Junction('x', 300, 0).Junction('y', 900, 0).Junction('z', 900, 20)
            .Road("cx").Road("xy", oneWay: true).Road("zx", oneWay: true);
        RoadGraph graph = roads.Builder.Build();
        Assert.True(Connected(graph, roads.Edge("cx")));
        Assert.False(Connected(graph, roads.Edge("xy")));
        Assert.False(Connected(graph, roads.Edge("zx")));
        AssertConnected(graph);
    }

    [Fact]
    public void Islands_are_not_connected_unless_they_are_towns()
    {
        // The ring x y z is driven one way or the other; nobody turns round there.
        HandMadeRoads Archipelago(int minimum) => TwoBlocks(new RoadGraphBuilder { MinimumPartEdges = minimum })
            .Junction('x', 3_000, 0).Junction('y', 3_100, 0).Junction('z', 3_100, 100).Road("xyzx");
        HandMadeRoads roads = Archipelago(4);
        RoadGraph graph = roads.Builder.Build();
        Assert.False(Connected(graph, roads.Edge("xy")));
        Assert.Equal("xyz", roads.Way(graph, "xy", "yz"));
        roads = Archipelago(3);
        Assert.True(Connected(roads.Builder.Build(), roads.Edge("xy")));
        Assert.True(Connected(roads.Builder.Build(), roads.Edge("ab")));
    }

    [Fact]
    public void A_direction_nobody_gets_to_is_closed()
    {
        // The only way into b to a would be by the turns forbidden here.
        HandMadeRoads roads = TwoBlocks().Forbid("cba").Forbid("eba").Forbid("bab").Forbid("aba");
        RoadGraph graph = roads.Builder.Build();
        Assert.Equal(0, graph.KmhOf(roads.Edge("ba")));
        Assert.Equal(36, graph.KmhOf(roads.Edge("ab")));
        AssertConnected(graph);
    }

    [Fact]
    public void A_restriction_needs_edges_in_a_row()
    {
        HandMadeRoads roads = TwoBlocks();
        Assert.Throws<ArgumentException>(() => roads.Builder.Forbid(roads.Edge("ab")));
        Assert.Throws<ArgumentException>(() => roads.Builder.Demand(roads.Edge("ab"), roads.Edge("de")));
    }

    internal static void AssertConnected(RoadGraph graph)
    {
        int[] edges = [.. Enumerable.Range(0, graph.EdgeCount).Where(edge => Connected(graph, edge) && graph.KmhOf(edge) > 0)];
        Assert.NotEmpty(edges);
        foreach (int from in edges)
        {
            PlainWays ways = PlainWays.From(graph, from);
            Assert.All(edges, to => Assert.True(ways.Reaches(to), $"No way from edge {from} to {to}."));
        }
    }

    private static bool Connected(RoadGraph graph, int edge) => graph.Segment(edge >> 1).Flags.HasFlag(RoadFlags.Connected);

    private static int DelayOf(RoadGraph graph, int state, int edge)
    {
        int turn = graph.TurnsFrom(state).ToArray().Select(graph.EdgeOfState).ToList().IndexOf(edge);
        return graph.TurnDelaysFrom(state)[turn];
    }
}
