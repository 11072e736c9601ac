namespace RideTracking.Simulator.Replay;

/// <summary>
/// Where the columns stand; those that no name fits are ignored. Letter case, spaces and signs in names do not matter (<c>TaxiID</c> is <c>taxi_id</c>);
/// a name with another unit fits none, so that km/h are not taken for m/s.
/// </summary>
internal sealed class TraceColumns
{
    private static readonly (string Column, bool Required, string[] Names)[] _known =
    [
        ("time", true, ["time", "unix_time", "unix_time_ms", "timestamp", "datetime", "recorded_at", "gps_time", "time_utc", "utc"]),
        ("vehicle id", true, ["vehicle_id", "vehicle", "driver_id", "driver", "taxi_id", "taxi", "cab_id", "cab", "car_id", "device_id", "device", "veh_id", "medallion", "id"]),
        ("latitude", true, ["lat", "latitude", "latitude_degrees", "gps_lat"]),
        ("longitude", true, ["lon", "lng", "long", "longitude", "longitude_degrees", "gps_lon", "gps_lng"]),
        ("speed (m/s)", false, ["speed", "speed_meters_per_second", "speed_mps"]),
        ("course (degrees)", false, ["course", "course_degrees", "heading", "bearing"]),
        ("accuracy (m)", false, ["accuracy", "accuracy_meters", "horizontal_accuracy_meters"]),
        ("occupied", false, ["occupied"]),
    ];

    private readonly int[] _index;

    private TraceColumns(char delimiter, int count, int[] index) => (Delimiter, Count, _index) = (delimiter, count, index);

    public char Delimiter { get; }

    /// <summary>Columns in the file.</summary>
    public int Count { get; }

    public int Time => _index[0];

    public int VehicleId => _index[1];

    public int Latitude => _index[2];

    public int Longitude => _index[3];

    /// <summary>-1 when the file has none; so the next ones.</summary>
    public int Speed => _index[4];

    public int Course => _index[5];

    public int Accuracy => _index[6];

    public int Occupied => _index[7];

    /// <param name="file">Its name, for messages.</param>
    /// <param name="header">Its first line.</param>
    /// <param name="named">Columns that the header calls otherwise: <c>time=Zeit</c>; <c>vehicle</c>, <c>latitude</c> and so on.</param>
    /// <exception cref="UserErrorException">A column that is needed is missing, or a name is wrong.</exception>
    public static TraceColumns Find(string file, string header, IReadOnlyList<string> named)
    {
        var delimiter = header.MaxBy(c => c is ',' or ';' or '\t' ? header.Count(other => other == c) : 0);
        var fields = new List<string>();
        CsvLine.Split(header.TrimStart('\uFEFF'), delimiter, fields);
        var found = fields.ConvertAll(name => name.Trim());
        var plain = found.ConvertAll(Plain);
        var index = Array.ConvertAll(_known, column => column.Names.Select(name => plain.IndexOf(Plain(name))).FirstOrDefault(i => i >= 0, -1));
        foreach (var pair in named)
            Name(file, pair, found, index);
        var missing = _known.Where((column, i) => column.Required && index[i] < 0).ToList();
        if (missing.Count == 0)
            return new TraceColumns(delimiter, found.Count, index);
        throw new UserErrorException(
            $"{file}: found the columns {string.Join(", ", found)}; missing: "
            + string.Join("; ", missing.Select(column => $"{column.Column} (one of {string.Join(", ", column.Names)})"))
            + ". Optional: " + string.Join("; ", _known.Where(column => !column.Required).Select(column => $"{column.Column} ({string.Join(", ", column.Names)})")) + ".");
    }

    private static void Name(string file, string pair, List<string> found, int[] index)
    {
        var parts = pair.Split('=', 2, StringSplitOptions.TrimEntries);
        var column = Array.FindIndex(_known, known => parts[0].Length > 0 && known.Column.StartsWith(parts[0], StringComparison.OrdinalIgnoreCase));
        if (parts.Length < 2 || column < 0)
            throw new UserErrorException($"--column {pair}: write what=name, with what one of {string.Join(", ", _known.Select(known => known.Column.Split(' ')[0]))}.");
        index[column] = found.FindIndex(name => string.Equals(name, parts[1], StringComparison.OrdinalIgnoreCase));
        if (index[column] < 0)
            throw new UserErrorException($"--column {pair}: {file} has no column {parts[1]}, but {string.Join(", ", found)}.");
    }

    // "Taxi-ID" and "taxi_id" are one; what has a unit that is none of the known names is another.
    private static string Plain(string name) => string.Concat(name.Where(char.IsLetterOrDigit)).ToLowerInvariant();
}
