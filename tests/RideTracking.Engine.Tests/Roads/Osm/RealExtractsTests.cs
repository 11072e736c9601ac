using RideTracking.Engine.Geo;
using RideTracking.Engine.Roads.Graph;
using RideTracking.Engine.Roads.Osm;
using RideTracking.Engine.Tests.Roads.Graph;

namespace RideTracking.Engine.Tests.Roads.Osm;

/// <summary>Porto and Monaco as they are in OpenStreetMap, against plain counts. Skipped where the data is absent.</summary>
public class RealExtractsTests(ITestOutputHelper output)
{
    private const string Porto = "porto/porto_portugal.osm.pbf";
    private const string Monaco = "monaco/monaco.osm.pbf";

    [Fact]
    public void The_reader_sees_all_that_is_in_the_file()
    {
        string? path = SharedData.Find(Porto);
        Assert.SkipWhen(path is null, "The extract of Porto is not beside the repository.");
        var places = new CountNodes();
        Read(path, places);
        var ways = new CountWays(places.Places);
        Read(path, ways);
        output.WriteLine($"{ways.Meters / 1_000:F1} km, with unsorted roads {(ways.Meters + ways.UnsortedMeters) / 1_000:F1} km");
        // What is known of the extract from other tools.
        Assert.Equal(347_944, places.Places.Count);
        Assert.Equal((51_349, 42_827, 357), (ways.Highways, ways.RoadsForCars, ways.Restrictions));
        // Known with unsorted roads (highway=road), on a sphere of the equator's radius.
        Assert.Equal(9_452, (ways.Meters + ways.UnsortedMeters) / 1_000 * (6_378_137 / Earth.RadiusMeters), 1.0);
    }

    [Fact]
    public void Porto_becomes_a_connected_network_that_keeps_its_restrictions()
    {
        RoadImport? import = SharedData.Porto;
        Assert.SkipWhen(import is null, "The extract of Porto is not beside the repository.");
        Print(import);
        RoadImportReport report = import.Report;
        Assert.Equal((51_349, 0, 357), (report.HighwayWays, report.MissingNodes, report.Restrictions));
        Assert.Equal(report.Restrictions, report.RestrictionsApplied + report.RestrictionsIgnored.Values.Sum());
        Assert.True(report.RestrictionsApplied >= 337, $"{report.RestrictionsApplied} restrictions kept");
        Assert.InRange(report.DrivableWays, 42_827, 42_827 + 3_050 + 536); // beside the plain classes: tracks and unsorted roads
        Assert.InRange(report.RoadKilometers, 9_300, 10_500);
        Assert.True(report.ConnectedKilometers > 0.98 * report.RoadKilometers);
        Assert.InRange(report.UrbanKilometers / report.RoadKilometers, 0.4, 0.7);
        Assert.False(import.Graph.DrivesOnLeft);
        AssertStates(import.Graph);
    }

    [Fact]
    public void In_Porto_one_can_drive_from_everywhere_to_everywhere()
    {
        RoadImport? import = SharedData.Porto;
        Assert.SkipWhen(import is null, "The extract of Porto is not beside the repository.");
        AssertConnected(import.Graph, samples: 2);
    }

    [Fact]
    public void Monaco_with_its_tunnels_becomes_a_connected_network()
    {
        string? path = SharedData.Find(Monaco);
        Assert.SkipWhen(path is null, "The extract of Monaco is not beside the repository.");
        RoadImport import = SharedData.Import(path);
        Print(import);
        RoadGraph graph = import.Graph;
        Assert.Equal((27, 27), (import.Report.Restrictions, import.Report.RestrictionsApplied));
        Assert.InRange(Enumerable.Range(0, graph.SegmentCount).Count(each => graph.Segment(each).Flags.HasFlag(RoadFlags.Tunnel)), 50, 500);
        AssertStates(graph);
        AssertConnected(graph, samples: 20);
    }

    [Fact]
    public void Portos_nearest_roads_are_those_of_a_look_at_every_road()
    {
        RoadImport? import = SharedData.Porto;
        Assert.SkipWhen(import is null, "The extract of Porto is not beside the repository.");
        RoadIndexTests.AssertAsPlain(import.Graph, new RoadIndex(import.Graph), Places.Porto, 8_000, 6, seed: 3);
    }

    [Fact]
    public void Porto_comes_back_from_its_file()
    {
        RoadImport? import = SharedData.Porto;
        Assert.SkipWhen(import is null, "The extract of Porto is not beside the repository.");
        RoadSource source = RoadSource.Of(new MemoryStream([1]));
        var file = new MemoryStream();
        RoadGraphFile.Write(file, import.Graph, source);
        file.Position = 0;
        RoadGraphFileTests.AssertSame(import.Graph, RoadGraphFile.Read(file, source));
    }

    [Fact]
    public void A_real_file_cut_short_is_refused_wherever_it_is_cut()
    {
        string? path = SharedData.Find(Monaco);
        Assert.SkipWhen(path is null, "The extract of Monaco is not beside the repository.");
        byte[] file = File.ReadAllBytes(path);
        var random = new Random(1);
        for (int i = 0; i < 5; i++)
        {
            int length = random.Next(file.Length);
            Assert.Throws<Engine.Roads.RoadFileException>(() => OsmImporter.Import(
                new MemoryStream(file, 0, length), cancellation: TestContext.Current.CancellationToken));
        }
    }

    private static void Read(string path, OsmVisitor visitor)
    {
        using FileStream file = File.OpenRead(path);
        var blobs = new OsmBlobs(file);
        var block = new OsmBlock(visitor);
        while (blobs.TryNext(out ReadOnlySpan<byte> data))
        {
            block.Read(data, blobs.BlockOffset);
        }
    }

    private static void AssertStates(RoadGraph graph)
    {
        for (int state = 0; state < graph.StateCount; state++)
        {
            int edge = graph.EdgeOfState(state);
            foreach (int turn in graph.TurnsFrom(state))
            {
                int next = graph.EdgeOfState(turn);
                if (graph.HeadOf(edge) != graph.TailOf(next) || graph.KmhOf(next) == 0)
                {
                    Assert.Fail($"From edge {edge} one cannot turn into {next}.");
                }
            }
        }
    }

    private static void AssertConnected(RoadGraph graph, int samples)
    {
        int[] edges = [.. Enumerable.Range(0, graph.EdgeCount).Where(edge =>
            graph.KmhOf(edge) > 0 && graph.Segment(edge >> 1).Flags.HasFlag(RoadFlags.Connected))];
        var random = new Random(5);
        for (int i = 0; i < samples; i++)
        {
            PlainWays ways = PlainWays.From(graph, edges[random.Next(edges.Length)]);
            Assert.Empty(edges.Where(edge => !ways.Reaches(edge)).Take(5));
        }
    }

    private void Print(RoadImport import)
    {
        output.WriteLine(import.Report.ToString());
        output.WriteLine(string.Join(", ", import.Report.RestrictionsIgnored));
        output.WriteLine($"{import.Graph.JunctionCount} junctions, {import.Graph.SegmentCount} segments, {import.Graph.StateCount} states, {import.Graph.TurnCount} turns");
    }

    private sealed class CountNodes : OsmVisitor
    {
        public override bool WantsNodes => true;

        public Dictionary<long, GeoPoint> Places { get; } = [];

        public override void Node(long id, long latitudeE7, long longitudeE7, OsmTags tags) =>
            Places.Add(id, GeoPoint.FromE7((int)latitudeE7, (int)longitudeE7));
    }

    private sealed class CountWays(Dictionary<long, GeoPoint> places) : OsmVisitor
    {
        private static readonly HashSet<string> _classes =
        [
            "motorway", "motorway_link", "trunk", "trunk_link", "primary", "primary_link", "secondary", "secondary_link", "tertiary",
            "tertiary_link", "unclassified", "residential", "living_street", "service",
        ];

        public override bool WantsNodes => false;

        public int Highways { get; private set; }

        public int RoadsForCars { get; private set; }

        public int Restrictions { get; private set; }

        public double Meters { get; private set; }

        /// <summary>Of ways with highway=road.</summary>
        public double UnsortedMeters { get; private set; }

        public override void Way(long id, OsmTags tags, ReadOnlySpan<long> nodes)
        {
            Highways += tags["highway"] is null ? 0 : 1;
            if (tags["highway"] is not { } kind || !(_classes.Contains(kind) || kind == "road"))
            {
                return;
            }

            double meters = 0;
            for (int i = 1; i < nodes.Length; i++)
            {
                meters += Earth.DistanceMeters(places[nodes[i - 1]], places[nodes[i]]);
            }

            if (kind == "road")
            {
                UnsortedMeters += meters;
                return;
            }

            RoadsForCars++;
            Meters += meters;
        }

        public override void Relation(long id, OsmTags tags, ReadOnlySpan<OsmMember> members) =>
            Restrictions += tags.Is("type", "restriction") ? 1 : 0;
    }
}
