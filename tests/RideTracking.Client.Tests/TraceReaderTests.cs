using System.IO.Compression;
using RideTracking.Client.Tests.Fixtures;
using RideTracking.Simulator;
using RideTracking.Simulator.Replay;

namespace RideTracking.Client.Tests;

public sealed class TraceReaderTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Columns_are_found_by_name_in_any_order_and_others_ignored()
    {
        var rows = await ReadAsync("""
            trip_id,Latitude,LNG,taxi_id,unix_time,speed,heading,accuracy,occupied
            9,41.5,-8.5,cab-1,1372636853,3.5,90,12,1
            9,41.6,-8.6,cab-1,1372636868,,,,0
            """);
        Assert.Equal(
            new TraceRow(DateTimeOffset.FromUnixTimeSeconds(1372636853), "cab-1", 41.5, -8.5, 3.5, 90, 12, true), rows[0]);
        Assert.Equal(
            new TraceRow(DateTimeOffset.FromUnixTimeSeconds(1372636868), "cab-1", 41.6, -8.6, null, null, null, false), rows[1]);
    }

    [Theory]
    [InlineData("1372636853")]
    [InlineData("1372636853000")]
    [InlineData("1372636853.0")]
    [InlineData("2013-07-01T00:00:53Z")]
    [InlineData("2013-07-01 00:00:53")]
    [InlineData("2013-07-01T02:00:53+02:00")]
    [InlineData("1372636853000000")]
    [InlineData("1372636853000000000")]
    [InlineData("20130701000053")]
    public async Task Times_are_unix_seconds_or_milliseconds_or_iso_8601(string time)
    {
        var rows = await ReadAsync($"time,vehicle_id,lat,lon\n{time},a,1,2");
        Assert.Equal(new DateTimeOffset(2013, 7, 1, 0, 0, 53, TimeSpan.Zero), Assert.Single(rows).Time);
    }

    [Theory]
    [InlineData("yesterday,a,1,2", "time")]
    [InlineData("-5,a,1,2", "time")]
    [InlineData("1e300,a,1,2", "time")]
    [InlineData("NaN,a,1,2", "time")]
    [InlineData("41456.0006,a,1,2", "spreadsheet")]
    [InlineData("15,a,1,2", "seconds since a start")]
    [InlineData("20131301000053,a,1,2", "time")]
    [InlineData("99991231235959,a,1,2", "time")]
    [InlineData("1372636853,a,1.2.3,2", "latitude")]
    [InlineData("1372636853,,1,2", "vehicle id")]
    [InlineData("1372636853,a b,1,2", "vehicle id")]
    [InlineData("1372636853,a,north,2", "latitude")]
    [InlineData("1372636853,a,1,", "longitude")]
    [InlineData("1372636853,a,1", "3 fields")]
    [InlineData("1372636853,a,1,2,3", "5 fields")]
    [InlineData("1372636853,\"a,1,2", "quote")]
    [InlineData("\0\u0001\u0002", "fields")]
    public async Task A_broken_row_is_counted_named_by_its_line_and_skipped(string broken, string reason)
    {
        using var reader = Open($"time,vehicle_id,lat,lon\n1372636853,a,1,2\n{broken}\n1372636854,b,3,4\n");
        var rows = await ReadAsync(reader);
        Assert.Equal(["a", "b"], rows.Select(row => row.VehicleId));
        Assert.Equal(3, reader.Rows);
        Assert.Equal(1, reader.BrokenRowCount);
        var row = Assert.Single(reader.BrokenRows);
        Assert.Equal(3, row.LineNumber);
        Assert.Contains(reason, row.Reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("TaxiID,Date Time,Latitude,Longitude")]
    [InlineData("cab-id,TIMESTAMP,GPS_Lat,GPS_Lng")]
    [InlineData("Medallion,unixTime,lat,LONG")]
    public async Task Letter_case_and_signs_in_headers_do_not_matter(string header)
    {
        var rows = await ReadAsync($"{header}\na,1372636853,41.5,-8.5\n");
        Assert.Equal(("a", 41.5, -8.5), (Assert.Single(rows).VehicleId, rows[0].LatitudeDegrees, rows[0].LongitudeDegrees));
    }

    [Fact]
    public async Task A_speed_in_another_unit_is_not_taken_for_metres_a_second()
    {
        var rows = await ReadAsync("time,taxi,lat,lon,Speed (km/h)\n1372636853,a,1,2,50\n");
        Assert.Null(Assert.Single(rows).SpeedMetersPerSecond);
    }

    [Fact]
    public async Task Columns_with_other_names_are_told()
    {
        var path = _folder.File("named.csv");
        await File.WriteAllTextAsync(path, "Wagen;Zeit;Breite;lon\n7;1372636853;41,5;-8,5\n", TestContext.Current.CancellationToken);
        using var reader = TraceReader.Open(path, ["vehicle=wagen", "time=Zeit", "lat=Breite"]);
        var row = Assert.Single(await ReadAsync(reader));
        Assert.Equal(("7", 41.5, -8.5), (row.VehicleId, row.LatitudeDegrees, row.LongitudeDegrees));
        Assert.Contains("no column Ort", Assert.Throws<UserErrorException>(() => TraceReader.Open(path, ["lat=Ort"])).Message, StringComparison.Ordinal);
        Assert.Contains("write what=name", Assert.Throws<UserErrorException>(() => TraceReader.Open(path, ["=Breite"])).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_gap_that_is_skipped_takes_no_time()
    {
        var clock = new RecordingClock(DateTimeOffset.UnixEpoch, speedUp: 10);
        clock.Skip(TimeSpan.FromHours(5));
        Assert.Equal(DateTimeOffset.UnixEpoch.AddHours(5), clock.GetUtcNow());
    }

    [Fact]
    public async Task Only_the_first_broken_rows_are_kept_and_all_counted()
    {
        using var reader = Open("time,vehicle_id,lat,lon\n" + string.Concat(Enumerable.Repeat("x\n", 100)));
        Assert.Empty(await ReadAsync(reader));
        Assert.Equal(100, reader.BrokenRowCount);
        Assert.Equal(20, reader.BrokenRows.Count);
    }

    [Fact]
    public async Task Wrong_coordinates_are_not_broken_rows_the_gate_judges_them()
    {
        var rows = await ReadAsync("time,vehicle_id,lat,lon\n1372636853,a,NaN,181\n");
        Assert.True(double.IsNaN(Assert.Single(rows).LatitudeDegrees));
    }

    [Fact]
    public void Missing_columns_are_named_with_what_was_found_and_what_would_do()
    {
        var error = Assert.Throws<UserErrorException>(() => Open("when,taxi,lat,altitude\n"));
        Assert.Contains("when, taxi, lat, altitude", error.Message, StringComparison.Ordinal);
        Assert.Contains("time (one of time, unix_time", error.Message, StringComparison.Ordinal);
        Assert.Contains("longitude (one of lon", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("vehicle id (one of", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_empty_file_and_no_file_are_told_apart()
    {
        Assert.Contains("empty", Assert.Throws<UserErrorException>(() => Open("")).Message, StringComparison.Ordinal);
        Assert.Contains("no file", Assert.Throws<UserErrorException>(() => TraceReader.Open(_folder.File("absent.csv"))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Compressed_files_are_read_alike()
    {
        var path = _folder.File("trace.csv.gz");
        await using (var writer = new StreamWriter(new GZipStream(File.Create(path), CompressionLevel.Fastest)))
            await writer.WriteAsync("\uFEFFtime;taxi;lat;lon\r\n1372636853;\"a\";1;2\r\n");
        using var reader = TraceReader.Open(path);
        Assert.Equal("a", Assert.Single(await ReadAsync(reader)).VehicleId);
    }

    [Fact]
    public void A_file_that_only_claims_to_be_compressed_is_refused()
    {
        File.WriteAllText(_folder.File("trace.csv.gz"), "time,vehicle_id,lat,lon\n");
        Assert.Contains("decompressed", Assert.Throws<UserErrorException>(() => TraceReader.Open(_folder.File("trace.csv.gz"))).Message, StringComparison.Ordinal);
    }

    private TraceReader Open(string text)
    {
        File.WriteAllText(_folder.File("trace.csv"), text);
        return TraceReader.Open(_folder.File("trace.csv"));
    }

    private async Task<List<TraceRow>> ReadAsync(string text)
    {
        using var reader = Open(text);
        return await ReadAsync(reader);
    }

    private static async Task<List<TraceRow>> ReadAsync(TraceReader reader)
    {
        var rows = new List<TraceRow>();
        await foreach (var row in reader.ReadAsync(TestContext.Current.CancellationToken))
            rows.Add(row);
        return rows;
    }
}
