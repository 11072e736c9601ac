namespace RideTracking.Simulator.Replay;

/// <summary>Where the columns stand; those that no name fits are ignored.</summary>
internal sealed class TraceColumns
{
    private static readonly (string Column, bool Required, string[] Names)[] _known =
    [
        ("time", true, ["time", "unix_time", "unix_time_ms", "timestamp", "datetime", "date_time", "recorded_at"]),
        ("vehicle id", true, ["vehicle_id", "vehicle", "driver_id", "driver", "taxi_id", "taxi", "device_id", "id"]),
        ("latitude", true, ["lat", "latitude", "latitude_degrees"]),
        ("longitude", true, ["lon", "lng", "long", "longitude", "longitude_degrees"]),
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

    /// <exception cref="UserErrorException">A column that is needed is missing.</exception>
    public static TraceColumns Find(string file, string header)
    {
        var delimiter = header.MaxBy(c => c is ',' or ';' or '\t' ? header.Count(other => other == c) : 0);
        var fields = new List<string>();
        CsvLine.Split(header.TrimStart('\uFEFF'), delimiter, fields);
        var found = fields.ConvertAll(name => name.Trim().ToLowerInvariant());
        var index = Array.ConvertAll(_known, column => column.Names.Select(name => found.IndexOf(name)).FirstOrDefault(i => i >= 0, -1));
        var missing = _known.Where((column, i) => column.Required && index[i] < 0).ToList();
        if (missing.Count == 0)
            return new TraceColumns(delimiter, found.Count, index);
        throw new UserErrorException(
            $"{file}: found the columns {string.Join(", ", found)}; missing: "
            + string.Join("; ", missing.Select(column => $"{column.Column} (one of {string.Join(", ", column.Names)})"))
            + ". Optional: " + string.Join("; ", _known.Where(column => !column.Required).Select(column => $"{column.Column} ({string.Join(", ", column.Names)})")) + ".");
    }
}
