namespace RideTracking.Engine.Roads.Hours;

/// <summary>
/// When a road is open: always or never but for some hours. Written as the first word "open" or "closed", then a line for each
/// exception, "open Mo-Fr 07:00-09:00" or "closed 22:00-06:00", of which the last that holds counts. Immutable.
/// </summary>
public sealed class RoadHours
{
    private const string Open = "open";
    private const string Closed = "closed";

    private readonly bool _isOpen;
    private readonly List<(bool IsOpen, OpeningHours Hours)> _exceptions = [];

    /// <summary>Reads what <see cref="Write"/> wrote.</summary>
    /// <exception cref="FormatException">It is not written as it should be.</exception>
    public RoadHours(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        string[] lines = text.Split('\n');
        _isOpen = IsOpenBy(lines[0], text);
        foreach (string line in lines.AsSpan(1))
        {
            int space = Math.Max(0, line.IndexOf(' ', StringComparison.Ordinal));
            _exceptions.Add((IsOpenBy(line[..space], text), OpeningHours.TryParse(line[space..]) ?? throw Malformed(text)));
        }
    }

    /// <summary>Writes hours down.</summary>
    /// <param name="isOpen">Whether it is open outside them.</param>
    /// <param name="exceptions">As <see cref="OpeningHours"/> reads them; of those that hold at one time the last counts.</param>
    public static string Write(bool isOpen, IEnumerable<(bool IsOpen, string Hours)> exceptions) => string.Join(
        '\n', exceptions.Select(each => $"{(each.IsOpen ? Open : Closed)} {each.Hours}").Prepend(isOpen ? Open : Closed));

    /// <summary>Whether it is open at a time.</summary>
    /// <param name="local">By the clocks of the city.</param>
    public bool IsOpenAt(DateTime local) =>
        _exceptions.FindLastIndex(each => each.Hours.Contains(local)) is >= 0 and var last ? _exceptions[last].IsOpen : _isOpen;

    private static bool IsOpenBy(string word, string text) => word switch
    {
        Open => true,
        Closed => false,
        _ => throw Malformed(text),
    };

    private static FormatException Malformed(string text) => new($"\"{text}\" tells no hours of a road.");
}
