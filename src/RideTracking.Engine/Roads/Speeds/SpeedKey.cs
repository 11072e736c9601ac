using System.Globalization;
using RideTracking.Engine.Roads.Graph;

namespace RideTracking.Engine.Roads.Speeds;

/// <summary>
/// Names a road in a direction and an hour by what stays the same from one import of the map to the next.
/// </summary>
/// <param name="WayId">OpenStreetMap's id of the way.</param>
/// <param name="FromJunctionId">OpenStreetMap's id of the node where it starts.</param>
/// <param name="ToJunctionId">And where it ends.</param>
/// <param name="Hour">One of <see cref="WeekHours"/>.</param>
public readonly record struct SpeedKey(long WayId, long FromJunctionId, long ToJunctionId, int Hour)
{
    public static SpeedKey Of(RoadGraph graph, int edge, int hour) => new(
        graph.Segment(edge >> 1).WayId, graph.JunctionId(graph.TailOf(edge)), graph.JunctionId(graph.HeadOf(edge)), hour);

    /// <summary>The four numbers with slashes between.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{WayId}/{FromJunctionId}/{ToJunctionId}/{Hour}");

    public static bool TryParse(ReadOnlySpan<char> text, out SpeedKey key)
    {
        Span<Range> parts = stackalloc Range[5];
        key = default;
        if (text.Split(parts, '/') != 4
            || !Number(text[parts[0]], out long way)
            || !Number(text[parts[1]], out long from)
            || !Number(text[parts[2]], out long to)
            || !Number(text[parts[3]], out long hour)
            || hour is < 0 or >= WeekHours.Count)
        {
            return false;
        }

        key = new SpeedKey(way, from, to, (int)hour);
        return true;

        static bool Number(ReadOnlySpan<char> digits, out long number) =>
            long.TryParse(digits, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out number);
    }
}
