using System.Text;
using System.Text.Json;
using Google.Protobuf;
using RideTracking.Benchmarks.Fixes;
using RideTracking.V1;

namespace RideTracking.Benchmarks;

/// <summary>Bytes on the wire of a message with one fix, and of the same as JSON.</summary>
internal static class BytesBenchmark
{
    private const int MessageHeaderBytes = 5;
    private const int FrameHeaderBytes = 9;

    public static int Run()
    {
        // A driver in the middle of a shift: the sequence has grown to two bytes, every field is known.
        var message = new Car("driver-1", TimeSpan.FromSeconds(4), new Random(1)).Drive(sequence: 5_000, askForAck: false);
        message.Locations.Fixes[0].CourseCentidegrees = 27_145;
        var protobuf = message.CalculateSize();
        var mapped = Encoding.UTF8.GetByteCount(JsonFormatter.Default.Format(message));
        var written = JsonByHand(message.Locations).Length;
        Console.WriteLine($"{"",-42}{"body",6}{"+ gRPC 5 B",12}{"+ HTTP/2 9 B",14}");
        Print("protobuf", protobuf);
        Print("JSON as protobuf maps it", mapped);
        Print("JSON by hand, numbers as numbers", written);
        var json = Math.Min(mapped, written);
        Console.WriteLine(
            $"against the shorter JSON: body {(double)protobuf / json:f2} x, " +
            $"framed {(double)(protobuf + MessageHeaderBytes + FrameHeaderBytes) / (json + MessageHeaderBytes + FrameHeaderBytes):f2} x");
        return 0;
    }

    private static void Print(string name, int body) => Console.WriteLine(
        $"{name,-42}{body,6}{body + MessageHeaderBytes,12}{body + MessageHeaderBytes + FrameHeaderBytes,14}");

    private static byte[] JsonByHand(LocationBatch batch)
    {
        var fix = batch.Fixes[0];
        return JsonSerializer.SerializeToUtf8Bytes(new
        {
            locations = new
            {
                sentAtUnixMs = batch.SentAtUnixMs,
                fixes = new[]
                {
                    new
                    {
                        sequence = fix.Sequence,
                        sensorTimeUnixMs = fix.SensorTimeUnixMs,
                        latitude = fix.LatitudeE7 / 1e7m,
                        longitude = fix.LongitudeE7 / 1e7m,
                        accuracyMeters = fix.HorizontalAccuracyDecimeters / 10m,
                        courseDegrees = fix.CourseCentidegrees / 100m,
                        speedMetersPerSecond = fix.SpeedCentimetersPerSecond / 100m,
                        altitudeMeters = fix.AltitudeDecimeters / 10m,
                    },
                },
            },
        });
    }
}
