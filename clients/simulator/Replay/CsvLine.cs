using System.Text;

namespace RideTracking.Simulator.Replay;

/// <summary>
/// Splits one line. A row of a trace is a line: a quote that is never closed spoils its own row, where a general CSV
/// reader would swallow all that follow.
/// </summary>
internal static class CsvLine
{
    /// <summary>False when a quote is not closed.</summary>
    public static bool Split(string line, char delimiter, List<string> fields)
    {
        fields.Clear();
        if (!line.Contains('"', StringComparison.Ordinal))
        {
            fields.AddRange(line.Split(delimiter));
            return true;
        }
        var field = new StringBuilder();
        var quoted = false;
        for (var i = 0; i < line.Length; i++)
        {
            var c = line[i];
            if (quoted && c == '"' && i + 1 < line.Length && line[i + 1] == '"')
                field.Append(line[i++]);
            else if (c == '"')
                quoted = !quoted;
            else if (c == delimiter && !quoted)
                Take();
            else
                field.Append(c);
        }
        Take();
        return !quoted;

        void Take()
        {
            fields.Add(field.ToString());
            field.Clear();
        }
    }
}
