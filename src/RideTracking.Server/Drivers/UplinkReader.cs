using RideTracking.V1;
using Fix = RideTracking.Engine.Ingest.Fix;

namespace RideTracking.Server.Drivers;

/// <summary>
/// Reads a <see cref="ConnectRequest"/>. A message that is nothing but fixes, as almost all are, is read straight into
/// the engine's structs; any other goes through the generated code. A test holds the two against each other.
/// </summary>
internal static class UplinkReader
{
    private const uint LocationsTag = (ConnectRequest.LocationsFieldNumber << 3) | 2;

    /// <exception cref="InvalidDataException">Not a message.</exception>
    /// <exception cref="Google.Protobuf.InvalidProtocolBufferException">Not a message.</exception>
    public static void Read(ReadOnlySpan<byte> message, Uplink into)
    {
        into.Clear();
        var reader = new WireReader(message);
        if (!message.IsEmpty && reader.Tag() == LocationsTag)
        {
            var batch = reader.Bytes();
            if (reader.AtEnd)
            {
                ReadBatch(batch, into);
                return;
            }
        }

        into.Other = ConnectRequest.Parser.ParseFrom(message);
        if (into.Other.MessageCase == ConnectRequest.MessageOneofCase.Locations)
        {
            Read(into.Other.Locations, into);
            into.Other = null;
        }
    }

    /// <summary>The same from the generated form, for calls that are not worth a reader of their own.</summary>
    public static void Read(LocationBatch batch, Uplink into)
    {
        into.SentAtUnixMs = batch.SentAtUnixMs;
        into.AckRequested = batch.AckRequested;
        into.ResentAfterSequence = batch.HasResentAfterSequence ? batch.ResentAfterSequence : null;
        foreach (var fix in batch.Fixes)
        {
            into.Add(new Fix
            {
                Sequence = fix.Sequence,
                SensorTimeUnixMs = fix.SensorTimeUnixMs,
                LatitudeE7 = fix.LatitudeE7,
                LongitudeE7 = fix.LongitudeE7,
                HorizontalAccuracyMeters = fix.HasHorizontalAccuracyDecimeters ? Meters(fix.HorizontalAccuracyDecimeters) : float.NaN,
                CourseDegrees = fix.HasCourseCentidegrees ? Degrees(fix.CourseCentidegrees) : float.NaN,
                SpeedMetersPerSecond = fix.HasSpeedCentimetersPerSecond ? MetersPerSecond(fix.SpeedCentimetersPerSecond) : float.NaN,
                AltitudeMeters = fix.HasAltitudeDecimeters ? fix.AltitudeDecimeters / 10f : float.NaN,
                IsMock = fix.IsMock,
            });
        }
    }

    private static void ReadBatch(ReadOnlySpan<byte> batch, Uplink into)
    {
        var reader = new WireReader(batch);
        while (!reader.AtEnd)
        {
            var tag = reader.Tag();
            switch (tag)
            {
                case (LocationBatch.SentAtUnixMsFieldNumber << 3) | 0:
                    into.SentAtUnixMs = (long)reader.Varint();
                    break;
                case (LocationBatch.FixesFieldNumber << 3) | 2:
                    into.Add(ReadFix(reader.Bytes()));
                    break;
                case (LocationBatch.AckRequestedFieldNumber << 3) | 0:
                    into.AckRequested = reader.Varint() != 0;
                    break;
                case (LocationBatch.ResentAfterSequenceFieldNumber << 3) | 0:
                    into.ResentAfterSequence = reader.Varint();
                    break;
                default:
                    reader.Skip(tag);
                    break;
            }
        }
    }

    private static Fix ReadFix(ReadOnlySpan<byte> message)
    {
        var reader = new WireReader(message);
        var fix = new Fix();
        while (!reader.AtEnd)
        {
            var tag = reader.Tag();
            switch (tag)
            {
                case (V1.Fix.SequenceFieldNumber << 3) | 0:
                    fix.Sequence = reader.Varint();
                    break;
                case (V1.Fix.SensorTimeUnixMsFieldNumber << 3) | 0:
                    fix.SensorTimeUnixMs = (long)reader.Varint();
                    break;
                case (V1.Fix.LatitudeE7FieldNumber << 3) | 5:
                    fix.LatitudeE7 = reader.Fixed32();
                    break;
                case (V1.Fix.LongitudeE7FieldNumber << 3) | 5:
                    fix.LongitudeE7 = reader.Fixed32();
                    break;
                case (V1.Fix.HorizontalAccuracyDecimetersFieldNumber << 3) | 0:
                    fix.HorizontalAccuracyMeters = Meters((uint)reader.Varint());
                    break;
                case (V1.Fix.CourseCentidegreesFieldNumber << 3) | 0:
                    fix.CourseDegrees = Degrees((uint)reader.Varint());
                    break;
                case (V1.Fix.SpeedCentimetersPerSecondFieldNumber << 3) | 0:
                    fix.SpeedMetersPerSecond = MetersPerSecond((uint)reader.Varint());
                    break;
                case (V1.Fix.AltitudeDecimetersFieldNumber << 3) | 0:
                    fix.AltitudeMeters = reader.ZigZag32() / 10f;
                    break;
                case (V1.Fix.IsMockFieldNumber << 3) | 0:
                    fix.IsMock = reader.Varint() != 0;
                    break;
                default:
                    reader.Skip(tag);
                    break;
            }
        }

        return fix;
    }

    private static float Meters(uint decimeters) => decimeters / 10f;

    private static float Degrees(uint centidegrees) => centidegrees / 100f;

    private static float MetersPerSecond(uint centimetersPerSecond) => centimetersPerSecond / 100f;
}
