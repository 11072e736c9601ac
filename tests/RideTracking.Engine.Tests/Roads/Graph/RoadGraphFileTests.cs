using RideTracking.Engine.Roads;
using RideTracking.Engine.Roads.Graph;

namespace RideTracking.Engine.Tests.Roads.Graph;

/// <summary>A graph comes back from a file as it was, or not at all.</summary>
public class RoadGraphFileTests
{
    private static readonly RoadSource Source = RoadSource.Of(new MemoryStream([1, 2, 3]));

    private static RoadGraph Small() => new HandMadeRoads { Builder = new RoadGraphBuilder { DrivesOnLeft = true } }
        .Junction('a', 0, 0).Junction('b', 100, 0).Junction('c', 100, 100).Road("abca").Forbid("abca").Builder.Build();

    private static byte[] Saved(RoadGraph graph)
    {
        var file = new MemoryStream();
        RoadGraphFile.Write(file, graph, Source);
        return file.ToArray();
    }

    [Fact]
    public void A_graph_comes_back_as_it_was()
    {
        AssertSame(Small(), RoadGraphFile.Read(new MemoryStream(Saved(Small())), Source));
        RoadGraph city = StreetGrid.Build(new StreetGridPlan { Center = Places.Porto, WidthMeters = 2_000 });
        AssertSame(city, RoadGraphFile.Read(new MemoryStream(Saved(city)), Source));
        RoadGraph empty = new RoadGraphBuilder().Build();
        AssertSame(empty, RoadGraphFile.Read(new MemoryStream(Saved(empty)), Source));
    }

    internal static void AssertSame(RoadGraph expected, RoadGraph graph)
    {
        Assert.Equal(expected.DrivesOnLeft, graph.DrivesOnLeft);
        AssertSame(expected.Parts.Segments, graph.Parts.Segments);
        AssertSame(expected.Parts.Shape, graph.Parts.Shape);
        AssertSame(expected.Parts.JunctionPoints, graph.Parts.JunctionPoints);
        AssertSame(expected.Parts.JunctionIds, graph.Parts.JunctionIds);
        AssertSame(expected.Parts.Names, graph.Parts.Names);
        AssertSame(expected.Parts.ExtraStateEdges, graph.Parts.ExtraStateEdges);
        AssertSame(expected.Parts.FirstTurn, graph.Parts.FirstTurn);
        AssertSame(expected.Parts.TurnTargets, graph.Parts.TurnTargets);
        AssertSame(expected.Parts.TurnDelays, graph.Parts.TurnDelays);

        // Assert.Equal takes seconds on so many.
        static void AssertSame<T>(T[] one, T[] other) => Assert.True(one.AsSpan().SequenceEqual(other));
    }

    [Fact]
    public void Another_source_is_refused()
    {
        byte[] file = Saved(Small());
        var error = Assert.Throws<RoadFileException>(() => RoadGraphFile.Read(new MemoryStream(file), RoadSource.Of(new MemoryStream([1, 2, 4]))));
        Assert.Contains("another file", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_graph_for_taxis_is_none_for_other_cars()
    {
        var file = new MemoryStream();
        RoadGraphFile.Write(file, Small(), Source with { User = RoadUser.Taxi });
        Assert.Throws<RoadFileException>(() => RoadGraphFile.Read(new MemoryStream(file.ToArray()), Source));
        AssertSame(Small(), RoadGraphFile.Read(new MemoryStream(file.ToArray()), Source with { User = RoadUser.Taxi }));
    }

    [Fact]
    public void Another_version_is_refused_by_its_number()
    {
        byte[] file = Saved(Small());
        file[8] = 99;
        var error = Assert.Throws<RoadFileException>(() => RoadGraphFile.Read(new MemoryStream(file), Source));
        Assert.Contains("format 99", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_single_changed_byte_is_noticed()
    {
        byte[] file = Saved(Small());
        for (int i = 0; i < file.Length; i++)
        {
            file[i] ^= 0x41;
            Assert.Throws<RoadFileException>(() => RoadGraphFile.Read(new MemoryStream(file), Source));
            file[i] ^= 0x41;
        }

        Assert.NotNull(RoadGraphFile.Read(new MemoryStream(file), Source));
    }

    [Fact]
    public void A_file_cut_short_or_too_long_is_noticed()
    {
        byte[] file = Saved(Small());
        for (int length = 0; length < file.Length; length++)
        {
            Assert.Throws<RoadFileException>(() => RoadGraphFile.Read(new MemoryStream(file, 0, length), Source));
        }

        Assert.Throws<RoadFileException>(() => RoadGraphFile.Read(new MemoryStream([.. file, 0]), Source));
    }

    [Fact]
    public void Garbage_is_noticed()
    {
        for (int seed = 0; seed < 2_000; seed++)
        {
            var random = new Random(seed);
            var garbage = new byte[random.Next(400)];
            random.NextBytes(garbage);
            "RTROADS\n\u0001\0\0\0"u8[..Math.Min(12, garbage.Length)].CopyTo(garbage);
            Assert.Throws<RoadFileException>(() => RoadGraphFile.Read(new MemoryStream(garbage), Source));
        }
    }

    [Fact]
    public void A_source_is_its_length_and_its_bytes()
    {
        var file = new MemoryStream([9, 1, 2, 3]) { Position = 1 };
        Assert.Equal(Source, RoadSource.Of(file));
        Assert.Equal(1, file.Position);
        Assert.Equal(3, Source.Length);
    }
}
