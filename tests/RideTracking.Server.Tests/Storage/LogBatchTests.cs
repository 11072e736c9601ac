using RideTracking.Engine.Index;
using RideTracking.Engine.Ingest;
using RideTracking.Server.Log;
using RideTracking.Server.Store;

namespace RideTracking.Server.Tests.Storage;

/// <summary>The packed form of the log's batches.</summary>
public sealed class LogBatchTests(ITestOutputHelper output)
{
    private const long Start = 1_700_000_000_000;

    private readonly Random _chance = new(1);
    private ConnectionNumbers _numbers;

    [Fact]
    public void A_fix_with_all_fields_takes_34_bytes_at_the_most_with_the_openings_of_a_minute()
    {
        // 300 drivers with a fix each 4 s, for as long as a segment is written to.
        var drivers = Enumerable.Range(0, 300).Select(Driver).ToArray();
        var bytes = 0;
        for (var round = 0; round < 15; round++)
        {
            LogRecord[] records = [.. drivers.Select(driver => Record(driver, (ulong)(5_000 + round), Start + (round * 4_000)))];
            bytes += Write(records, segment: 1, Start + (round * 4_000)).Length;
        }

        var bytesPerFix = bytes / (15.0 * drivers.Length);
        output.WriteLine($"{bytesPerFix:f1} bytes");
        Assert.InRange(bytesPerFix, 20, 34);
    }

    [Fact]
    public void What_was_packed_is_read_back_segment_by_segment()
    {
        var connections = new SegmentConnections(new RecordFormat());
        var drivers = Enumerable.Range(0, 20).Select(Driver).ToArray();
        ulong sequence = 0;
        long segment = 3;
        for (var batch = 0; batch < 200; batch++)
        {
            segment += _chance.Next(10) == 0 ? 1 : 0;
            LogRecord[] records = [.. drivers.Where(_ => _chance.Next(3) == 0).SelectMany(d => new[] { Record(d, ++sequence, Start), Rejected(Record(d, ++sequence, Start + 1)) })];
            var read = LogBatch.Read(new LogEntry("w", Write(records, segment, Start)), connections).Fixes;

            Assert.Equal(records.Select(r => (r.Carrier.DriverId, r.Carrier.SessionId, 1L)), read.Select(f => (f.DriverId, f.SessionId, f.Connection.Epoch)));
            Assert.Equal(records.Select(r => (r.Verdict, r.Verdict.Outcome == FixOutcome.Rejected ? default : r.Status)), read.Select(f => (f.Verdict, f.Status)));
            Assert.Equal(records.Select(r => (r.Fix.Sequence, r.Fix.ContentHash())), read.Select(f => (f.Fix.Sequence, f.ContentHash)));
            Assert.All(records.Zip(read), pair => Assert.True(pair.First.Verdict.Outcome == FixOutcome.Rejected || pair.First.Fix.Equals(pair.Second.Fix)));
        }
    }

    [Fact]
    public void Writers_and_segments_have_numbers_of_their_own()
    {
        var connections = new SegmentConnections(new RecordFormat());
        var (one, other) = (Driver(1), Driver(2));
        var first = Write([Record(one, 1, Start)], segment: 1, Start);
        _numbers = default;
        var second = Write([Record(other, 1, Start)], segment: 1, Start);
        var third = Write([Record(one, 2, Start)], segment: 1, Start);

        Assert.Equal("driver-1", Assert.Single(LogBatch.Read(new LogEntry("w", first), connections).Fixes).DriverId);
        Assert.Equal("driver-2", Assert.Single(LogBatch.Read(new LogEntry("v", second), connections).Fixes).DriverId);
        Assert.Equal("driver-1", Assert.Single(LogBatch.Read(new LogEntry("w", third), connections).Fixes).DriverId);
        // Of another segment nothing was opened yet.
        Assert.Throws<InvalidDataException>(() => LogBatch.Read(new LogEntry("w", Repeat(one, segment: 2)), connections));
    }

    [Fact]
    public void Numbers_are_given_once_in_a_segment_also_when_the_store_has_forgotten_that_a_later_one_was_begun()
    {
        var given = new HashSet<(long, ulong)>();
        foreach (var segment in new[] { 1L, 1, 1, 2, 2, 1, 1, 2, 3, 1, 3, 4, 1 })
        {
            Assert.True(given.Add((segment, _numbers.Next(segment))));
        }

        Assert.Equal(1UL, _numbers.Next(5));
    }

    // With a session as long as those of the clients.
    private static Carrier Driver(int number) => new(
        new ClaimRequest($"driver-{number}", $"{number:x32}"), TestCarriers.Claim(1), new SessionLedger(TestCarriers.Claim(1), 64, TestCarriers.Pace, TimeProvider.System), Task.CompletedTask);

    private LogRecord Record(Carrier driver, ulong sequence, long now) => new()
    {
        Carrier = driver,
        Fix = new Fix
        {
            Sequence = sequence,
            SensorTimeUnixMs = now - _chance.Next(3_000),
            FixedAtUnixMs = now - _chance.Next(3_000),
            LatitudeE7 = 411_579_438 + _chance.Next(1_000_000),
            LongitudeE7 = -86_291_053 - _chance.Next(1_000_000),
            HorizontalAccuracyMeters = _chance.Next(20, 400) / 10f,
            CourseDegrees = _chance.Next(36_000) / 100f,
            SpeedMetersPerSecond = _chance.Next(3_000) / 100f,
            AltitudeMeters = _chance.Next(4_000) / 10f,
        },
        Verdict = FixVerdict.Accepted,
        Status = new DriverStatus(DriverAvailability.Available, DriverWork.Idle, DriverLink.Connected),
    };

    private LogRecord Rejected(LogRecord record)
    {
        if (_chance.Next(2) == 0)
        {
            record.Verdict = FixVerdict.Rejected(FixRejectReason.TooInaccurate, 500, 900.5);
        }

        return record;
    }

    private byte[] Write(LogRecord[] records, long segment, long baseTimeUnixMs)
    {
        var carriers = records.Select(r => r.Carrier).Distinct().ToList();
        foreach (var carrier in carriers.Where(c => !c.Opening.IsOf("w", segment, 1)))
        {
            carrier.Opening = new LogOpening("w", segment, 1, _numbers.Next(segment));
        }

        var batch = Pack(carriers, records, segment, baseTimeUnixMs);
        carriers.ForEach(carrier => carrier.Opening = carrier.Opening with { IsWritten = true });
        return batch;
    }

    // A batch that goes on where another segment was opened.
    private byte[] Repeat(Carrier carrier, long segment) => Pack([carrier], [Record(carrier, 9, Start)], segment, Start);

    private static byte[] Pack(List<Carrier> carriers, LogRecord[] records, long segment, long baseTimeUnixMs)
    {
        var buffer = new byte[LogBatch.MaxBytes(records)];
        return buffer[..LogBatch.Write(buffer, carriers, records, segment, baseTimeUnixMs, RecordFormat.Newest)];
    }
}
