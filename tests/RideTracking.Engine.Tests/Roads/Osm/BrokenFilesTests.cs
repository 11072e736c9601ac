using RideTracking.Engine.Roads;
using RideTracking.Engine.Roads.Osm;

namespace RideTracking.Engine.Tests.Roads.Osm;

/// <summary>A file that is not what it should be gets one kind of error, with the place in the file, whatever its bytes.</summary>
public class BrokenFilesTests
{
    private static byte[] File(bool packed = true) => new OsmFileWriter { Packed = packed }
        .Node('a', 0, 0, "barrier=gate").Node('b', 100, 0).Node('c', 100, 100).Way(1, "ab", "highway=residential").Way(2, "bc", "highway=residential")
        .Restriction("no_left_turn", "way 1 from", "node b via", "way 2 to").ToBytes();

    private static RoadImport Import(byte[] file) => OsmImporter.Import(new MemoryStream(file));

    [Fact]
    public void An_empty_file_is_told_as_one() =>
        Assert.Contains("empty", Assert.Throws<RoadFileException>(() => Import([])).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("<?xml version='1.0' encoding='UTF-8'?><osm version='0.6'></osm>")]
    [InlineData("{\"type\":\"FeatureCollection\",\"features\":[]}")]
    [InlineData("x")]
    public void Another_kind_of_file_is_told_as_one(string text)
    {
        var error = Assert.Throws<RoadFileException>(() => Import(System.Text.Encoding.UTF8.GetBytes(text)));
        Assert.StartsWith("At byte 0", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_cut_short_anywhere_is_told_as_one_or_lacks_whole_blocks()
    {
        foreach (bool packed in (bool[])[true, false])
        {
            byte[] file = File(packed);
            Assert.Equal(2, Import(file).Report.DrivableWays);
            int whole = 0;
            for (int length = 0; length < file.Length; length++)
            {
                try
                {
                    // Between two blocks nothing tells that there were more.
                    Import(file[..length]);
                    whole++;
                }
                catch (RoadFileException)
                {
                    continue;
                }
            }

            Assert.InRange(whole, 1, 1); // without the block of relations
        }
    }

    [Fact]
    public void Cut_short_says_where()
    {
        byte[] file = File();
        string message = Assert.Throws<RoadFileException>(() => Import(file[..^3])).Message;
        Assert.Contains("ends within a block of", message, StringComparison.Ordinal);
        Assert.Contains($"after {file.Length - 3} bytes", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Whatever_the_bytes_there_is_one_kind_of_error()
    {
        byte[][] files = [File(), File(packed: false)];
        int broken = 0, fine = 0;
        for (int seed = 0; seed < 4_000; seed++)
        {
            var random = new Random(seed);
            byte[] file = (byte[])files[seed % 2].Clone();
            for (int change = random.Next(1, 6); change > 0; change--)
            {
                file[random.Next(file.Length)] = random.Next(3) switch { 0 => 0xFF, 1 => 0, _ => (byte)random.Next(256) };
            }

            try
            {
                Import(file);
                fine++;
            }
            catch (RoadFileException)
            {
                broken++;
            }
            catch (Exception e)
            {
                throw new InvalidOperationException($"Seed {seed}", e);
            }
        }

        Assert.InRange(fine, 100, 3_900);
        Assert.InRange(broken, 100, 3_900);
    }

    [Fact]
    public void Garbage_within_blocks_is_one_kind_of_error()
    {
        byte[] header = new OsmFileWriter.Message().Text(4, "OsmSchema-V0.6").ToArray();
        for (int seed = 0; seed < 1_500; seed++)
        {
            var random = new Random(seed);
            var garbage = new byte[random.Next(200)];
            random.NextBytes(garbage);
            // Mostly numbers of fields that exist.
            for (int i = 0; i < garbage.Length; i++)
            {
                garbage[i] = random.Next(2) == 0 ? (byte)(random.Next(21) << 3 | random.Next(3)) : (byte)(garbage[i] & 0x7F);
            }

            var file = new MemoryStream();
            OsmFileWriter.AddBlob(file, "OSMHeader", header);
            OsmFileWriter.AddBlob(file, "OSMData", garbage);
            file.Position = 0;
            Assert.Throws<RoadFileException>(() => OsmImporter.Import(file, cancellation: TestContext.Current.CancellationToken));
        }
    }

    [Fact]
    public void A_block_that_unpacks_to_more_than_it_says_is_refused_before_it_fills_the_memory()
    {
        var file = new MemoryStream();
        OsmFileWriter.AddBlob(file, "OSMHeader", new byte[20_000_000], rawBytes: 1_000);
        Assert.Contains("more bytes instead of 1000", Refusal(file), StringComparison.Ordinal);
        file = new MemoryStream();
        OsmFileWriter.AddBlob(file, "OSMHeader", [], rawBytes: 2_000_000_000);
        Assert.Contains("2000000000", Refusal(file), StringComparison.Ordinal);
        file = new MemoryStream();
        OsmFileWriter.AddBlob(file, "OSMHeader", [1], rawBytes: 9);
        Assert.Contains("unpacks to 1 bytes", Refusal(file), StringComparison.Ordinal);
    }

    [Fact]
    public void A_length_that_the_file_does_not_have_takes_no_memory()
    {
        byte[] header = new OsmFileWriter.Message().Text(1, "OSMHeader").Number(3, 30_000_000).ToArray();
        var file = new MemoryStream([0, 0, 0, (byte)header.Length, .. header, 1, 2, 3]);
        long before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Contains("cut short", Refusal(file), StringComparison.Ordinal);
        Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 5_000_000);
    }

    [Theory]
    [InlineData("HistoricalInformation")]
    [InlineData("OsmSchema-V0.7")]
    public void What_needs_another_reader_is_refused(string feature) =>
        Assert.Contains(feature, Assert.Throws<RoadFileException>(() => Import(
            new OsmFileWriter { Feature = feature }.Node('a', 0, 0).Node('b', 9, 0).Way(1, "ab", "highway=residential").ToBytes())).Message,
            StringComparison.Ordinal);

    [Fact]
    public void Another_packing_is_named()
    {
        var file = new MemoryStream();
        byte[] body = new OsmFileWriter.Message().Number(2, 5).Bytes(7, [1, 2, 3]).ToArray();
        byte[] header = new OsmFileWriter.Message().Text(1, "OSMHeader").Number(3, body.Length).ToArray();
        file.Write([0, 0, 0, (byte)header.Length, .. header, .. body]);
        Assert.Contains("zstd", Refusal(file), StringComparison.Ordinal);
    }

    [Fact]
    public void A_node_that_is_nowhere_on_earth_is_named()
    {
        OsmFileWriter file = new OsmFileWriter { Granularity = 100 }.Node('a', 0, 6_000_000).Node('b', 0, 0).Way(1, "ab", "highway=residential");
        Assert.Contains($"node {(int)'a'}", Assert.Throws<RoadFileException>(() => file.Import()).Message, StringComparison.Ordinal);
    }

    private static string Refusal(MemoryStream file)
    {
        file.Position = 0;
        return Assert.Throws<RoadFileException>(() => OsmImporter.Import(file)).Message;
    }
}
