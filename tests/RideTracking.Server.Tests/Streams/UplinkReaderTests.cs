using CsCheck;
using Google.Protobuf;
using RideTracking.Server.Drivers;
using RideTracking.V1;

namespace RideTracking.Server.Tests.Streams;

/// <summary>The reader of our own and the generated one say the same of the same bytes.</summary>
public sealed class UplinkReaderTests
{
    private static readonly Gen<Fix> Fixes = Gen.Select(
        Gen.ULong, Gen.Long, Gen.Int, Gen.Int, Gen.UInt, Gen.UInt[0, 40_000], Gen.UInt, Gen.Int, Gen.Byte,
        (sequence, time, latitude, longitude, accuracy, course, speed, altitude, known) =>
        {
            var fix = new Fix { Sequence = sequence, SensorTimeUnixMs = time, LatitudeE7 = latitude, LongitudeE7 = longitude, IsMock = (known & 16) != 0 };
            if ((known & 1) != 0)
            {
                fix.HorizontalAccuracyDecimeters = accuracy;
            }

            if ((known & 2) != 0)
            {
                fix.CourseCentidegrees = course;
            }

            if ((known & 4) != 0)
            {
                fix.SpeedCentimetersPerSecond = speed;
            }

            if ((known & 8) != 0)
            {
                fix.AltitudeDecimeters = altitude;
            }

            return fix;
        });

    private static readonly Gen<LocationBatch> Batches = Gen.Select(Gen.Long, Fixes.Array[0, 5], Gen.Bool, Gen.ULong, Gen.Bool, (sentAt, fixes, ack, resent, hasResent) =>
    {
        var batch = new LocationBatch { SentAtUnixMs = sentAt, AckRequested = ack, Fixes = { fixes } };
        if (hasResent)
        {
            batch.ResentAfterSequence = resent;
        }

        return batch;
    });

    [Fact]
    public void Fixes_are_read_as_the_generated_code_reads_them() => Batches.Sample(batch =>
    {
        var ours = new Uplink();
        UplinkReader.Read(new ConnectRequest { Locations = batch }.ToByteArray(), ours);
        var generated = new Uplink();
        UplinkReader.Read(LocationBatch.Parser.ParseFrom(batch.ToByteArray()), generated);
        Assert.Null(ours.Other);
        Assert.Equal(
            (generated.SentAtUnixMs, generated.AckRequested, generated.ResentAfterSequence, generated.FixCount),
            (ours.SentAtUnixMs, ours.AckRequested, ours.ResentAfterSequence, ours.FixCount));
        Assert.Equal(generated.Fixes.ToArray(), ours.Fixes.ToArray());
    });

    [Fact]
    public void Bytes_that_are_no_message_are_refused_or_read_but_never_anything_else() => Gen.Byte.Array[0, 60].Sample(bytes =>
    {
        var generated = Try(() => ConnectRequest.Parser.ParseFrom(bytes));
        var ours = Try(() =>
        {
            var message = new Uplink();
            UplinkReader.Read(bytes, message);
            return message;
        });
        // Ours does not look into fields that it skips, so it may read what the generated code refuses; never the other way.
        Assert.False(generated is not null && ours is null, Convert.ToHexString(bytes));
    });

    [Fact]
    public void What_a_newer_app_adds_is_skipped()
    {
        byte[] unknown = [0xfa, 0x3e, 2, 1, 2]; // Field 1007, two bytes.
        var fix = new Fix { Sequence = 7, LatitudeE7 = 5 }.ToByteArray();
        byte[] batch = [0x08, 9, .. unknown, 0x12, (byte)(fix.Length + unknown.Length), .. fix, .. unknown];
        var message = new Uplink();
        UplinkReader.Read([0x12, (byte)batch.Length, .. batch], message);
        Assert.Equal((9L, 1, 7UL, 5), (message.SentAtUnixMs, message.FixCount, message.Fixes[0].Sequence, message.Fixes[0].LatitudeE7));
    }

    private static T? Try<T>(Func<T> read)
        where T : class
    {
        try
        {
            return read();
        }
        catch (Exception e) when (e is InvalidDataException or InvalidProtocolBufferException)
        {
            return null;
        }
    }
}
