using System.Runtime.InteropServices;
using RideTracking.Engine.Ingest;

namespace RideTracking.Server.Progress;

/// <summary>
/// A driver's fixes as map matching needs them, in the order in which they came: 16 bytes each, in blocks, so that what
/// grows is never copied. Bounded: a full one forgets every other fix, and keeps every other one of those to come, so that no
/// part of a long way is told worse than another. Not thread-safe.
/// </summary>
internal sealed class DrivenTrail
{
    /// <summary>Four and a half hours at a fix a second: 256 KB. So the longest trips still have a fix each few seconds.</summary>
    public const int MaxFixes = 16_384;

    private const int BlockFixes = 64;

    private readonly List<Point[]> _blocks = [];
    private long _sinceUnixMs;
    private long _seen;
    private int _everyNth = 1;

    /// <summary>How many fixes are kept.</summary>
    public int Count { get; private set; }

    /// <summary>Bytes that their blocks take.</summary>
    public int Bytes => _blocks.Count * BlockFixes * Marshal.SizeOf<Point>();

    private ref Point this[int index] => ref _blocks[index / BlockFixes][index % BlockFixes];

    /// <summary>Keeps a fix, unless it is one too many.</summary>
    /// <returns>How many were forgotten, itself or others for it.</returns>
    public int Add(in Fix fix)
    {
        if (_seen++ % _everyNth != 0)
        {
            return 1;
        }

        var forgotten = Count == MaxFixes ? Thin() : 0;
        if (Count == 0)
        {
            _sinceUnixMs = fix.FixedAtUnixMs;
        }

        if (Count == _blocks.Count * BlockFixes)
        {
            _blocks.Add(new Point[BlockFixes]);
        }

        this[Count++] = Point.Of(fix, _sinceUnixMs);
        return forgotten;
    }

    /// <summary>The fixes: time, place, and accuracy, course and speed as finely as matching can tell.</summary>
    public IEnumerable<Fix> Fixes()
    {
        for (var i = 0; i < Count; i++)
        {
            yield return this[i].ToFix(_sinceUnixMs);
        }
    }

    private int Thin()
    {
        for (var i = 1; i < Count / 2; i++)
        {
            this[i] = this[2 * i];
        }

        _everyNth *= 2;
        Count /= 2;
        _blocks.RemoveRange(Count / BlockFixes, _blocks.Count - (Count / BlockFixes));
        return Count;
    }

    /// <summary>Time in milliseconds since the first fix, so 24 days before or after it; the rest is in <c>Motion</c>.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private readonly record struct Point(int AfterMs, int LatitudeE7, int LongitudeE7, uint Motion)
    {
        // 11 bits of accuracy, 10 of course, 11 of speed; all ones for what is not known.
        private const double StepsPerMeter = 4;
        private const double StepsPerDegree = 1_023 / 360.0;
        private const double StepsPerMeterPerSecond = 20;
        private const uint NoAccuracy = 2_047;
        private const uint NoCourse = 1_023;
        private const uint NoSpeed = 2_047;
        private const int CourseShift = 11;
        private const int SpeedShift = 21;

        public static Point Of(in Fix fix, long sinceUnixMs) => new(
            (int)Math.Clamp(fix.FixedAtUnixMs - sinceUnixMs, int.MinValue, int.MaxValue),
            fix.LatitudeE7,
            fix.LongitudeE7,
            Steps(fix.HorizontalAccuracyMeters, StepsPerMeter, NoAccuracy)
                | Steps(fix.CourseDegrees, StepsPerDegree, NoCourse) << CourseShift
                | Steps(fix.SpeedMetersPerSecond, StepsPerMeterPerSecond, NoSpeed) << SpeedShift);

        public Fix ToFix(long sinceUnixMs) => new()
        {
            FixedAtUnixMs = sinceUnixMs + AfterMs,
            LatitudeE7 = LatitudeE7,
            LongitudeE7 = LongitudeE7,
            HorizontalAccuracyMeters = Value(Motion & NoAccuracy, StepsPerMeter, NoAccuracy),
            CourseDegrees = Value(Motion >> CourseShift & NoCourse, StepsPerDegree, NoCourse),
            SpeedMetersPerSecond = Value(Motion >> SpeedShift, StepsPerMeterPerSecond, NoSpeed),
        };

        // What is beyond the largest is as large: nothing is matched so far off, and no car drives so fast.
        private static uint Steps(float value, double perUnit, uint unknown) =>
            float.IsNaN(value) ? unknown : (uint)Math.Clamp(Math.Round(value * perUnit), 0, unknown - 1);

        private static float Value(uint steps, double perUnit, uint unknown) => steps == unknown ? float.NaN : (float)(steps / perUnit);
    }
}
