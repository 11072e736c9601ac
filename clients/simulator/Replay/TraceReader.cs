using System.Globalization;
using System.IO.Compression;
using System.Runtime.CompilerServices;

namespace RideTracking.Simulator.Replay;

/// <summary>
/// Reads recorded traces from a CSV file, also compressed (.gz), row by row. Columns are found by the header's names. A
/// broken row is counted and skipped; the first few are kept to be shown.
/// </summary>
internal sealed class TraceReader : IDisposable
{
    private const int BrokenRowsKept = 20;

    private readonly StreamReader _reader;
    private readonly TraceColumns _columns;
    private readonly List<string> _fields = [];
    private readonly List<BrokenRow> _brokenRows = [];
    private long _lineNumber = 1;

    private TraceReader(StreamReader reader, TraceColumns columns) => (_reader, _columns) = (reader, columns);

    /// <summary>Rows read, broken ones included.</summary>
    public long Rows { get; private set; }

    public long BrokenRowCount { get; private set; }

    /// <summary>The first of them.</summary>
    public IReadOnlyList<BrokenRow> BrokenRows => _brokenRows;

    /// <exception cref="UserErrorException">There is no such file, it is empty or columns are missing.</exception>
    /// <param name="path">The file.</param>
    /// <param name="columns">Names of columns that are not found by themselves, see <see cref="TraceColumns.Find"/>.</param>
    public static TraceReader Open(string path, IReadOnlyList<string>? columns = null)
    {
        if (!File.Exists(path))
            throw new UserErrorException($"There is no file {path}.");
        Stream stream = File.OpenRead(path);
        if (path.EndsWith(".gz", StringComparison.OrdinalIgnoreCase))
            stream = new GZipStream(stream, CompressionMode.Decompress);
        var reader = new StreamReader(stream);
        try
        {
            var header = reader.ReadLine();
            if (string.IsNullOrWhiteSpace(header))
                throw new UserErrorException($"{path} is empty: its first line must name the columns.");
            return new TraceReader(reader, TraceColumns.Find(path, header, columns ?? []));
        }
        catch (InvalidDataException e)
        {
            reader.Dispose();
            throw new UserErrorException($"{path} cannot be decompressed: {e.Message}");
        }
        catch
        {
            reader.Dispose();
            throw;
        }
    }

    /// <summary>The rows that can be read, in the file's order.</summary>
    public async IAsyncEnumerable<TraceRow> ReadAsync([EnumeratorCancellation] CancellationToken ct)
    {
        while (await _reader.ReadLineAsync(ct) is { } line)
        {
            _lineNumber++;
            if (line.Length == 0)
                continue;
            Rows++;
            if (TryParse(line, out var row, out var reason))
            {
                yield return row;
                continue;
            }
            BrokenRowCount++;
            if (_brokenRows.Count < BrokenRowsKept)
                _brokenRows.Add(new BrokenRow(_lineNumber, reason));
        }
    }

    public void Dispose() => _reader.Dispose();

    private bool TryParse(string line, out TraceRow row, out string reason)
    {
        row = default;
        if (!CsvLine.Split(line, _columns.Delimiter, _fields))
            return Broken("a quote is not closed", out reason);
        if (_fields.Count != _columns.Count)
            return Broken($"{_fields.Count} fields, the header has {_columns.Count}", out reason);
        if (!TraceTime.TryParse(_fields[_columns.Time], out var time, out var unread))
            return Broken($"time: {unread}", out reason);
        var vehicleId = _fields[_columns.VehicleId].Trim();
        if (!IsId(vehicleId))
            return Broken($"vehicle id: '{vehicleId}' is not 1 to 64 of A-Z a-z 0-9 . _ : -", out reason);
        if (!TryParseNumber(_columns.Latitude, out var latitude))
            return Broken($"latitude: '{_fields[_columns.Latitude]}' is not a number", out reason);
        if (!TryParseNumber(_columns.Longitude, out var longitude))
            return Broken($"longitude: '{_fields[_columns.Longitude]}' is not a number", out reason);
        if (!TryParseOptional(_columns.Speed, out var speed))
            return Broken($"speed: '{_fields[_columns.Speed]}' is not a number", out reason);
        if (!TryParseOptional(_columns.Course, out var course))
            return Broken($"course: '{_fields[_columns.Course]}' is not a number", out reason);
        if (!TryParseOptional(_columns.Accuracy, out var accuracy))
            return Broken($"accuracy: '{_fields[_columns.Accuracy]}' is not a number", out reason);
        if (!TryParseOccupied(out var occupied))
            return Broken($"occupied: '{_fields[_columns.Occupied]}' is not 0, 1, true or false", out reason);
        row = new TraceRow(time, vehicleId, latitude, longitude, speed, course, accuracy, occupied);
        reason = "";
        return true;
    }

    private static bool Broken(string why, out string reason)
    {
        reason = why;
        return false;
    }

    // A comma is the decimal sign only where it does not part the columns, and a number has no other.
    private bool TryParseNumber(int column, out double number)
    {
        var text = _fields[column];
        var isDecimalComma = _columns.Delimiter != ',' && text.Count(c => c == ',') == 1 && !text.Contains('.');
        return double.TryParse(isDecimalComma ? text.Replace(',', '.') : text, NumberStyles.Float, CultureInfo.InvariantCulture, out number);
    }

    private bool TryParseOptional(int column, out double? number)
    {
        number = null;
        if (column < 0 || string.IsNullOrWhiteSpace(_fields[column]))
            return true;
        if (!TryParseNumber(column, out var value))
            return false;
        number = value;
        return true;
    }

    private bool TryParseOccupied(out bool? occupied)
    {
        var text = _columns.Occupied < 0 ? "" : _fields[_columns.Occupied].Trim();
        occupied = text.ToLowerInvariant() switch { "0" or "false" => false, "1" or "true" => true, _ => null };
        return occupied is not null || text.Length == 0;
    }

    private static bool IsId(string id) =>
        id.Length is >= 1 and <= 64 && id.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or ':' or '-');
}
