using System.Diagnostics;
using RideTracking.Client;
using RideTracking.V1;

namespace RideTracking.Simulator.Replay;

/// <summary>Sends the rows of a trace when their time has come, and waits until everything is acknowledged.</summary>
internal sealed class ReplayRun
{
    // How far the server's clock may be from the recording's beginning and still count as set for it.
    private static readonly TimeSpan _alignedWithin = TimeSpan.FromDays(2);

    private readonly TraceReader _reader;
    private readonly ServerConnections _connections;
    private readonly double _speedUp;
    private readonly DirectoryService.DirectoryServiceClient _directory;
    private readonly DateTimeOffset? _timeStart;
    private readonly bool _availability;
    private readonly TimeSpan? _longestGap;
    private readonly ReplayTally _tally;
    private readonly Dictionary<string, ReplayVehicle> _vehicles = [];
    private readonly Lock _gate = new();
    private readonly Stopwatch _took = new();
    private RecordingClock? _clock;
    private DateTimeOffset _first;
    private DateTimeOffset _last;
    private TimeSpan _skipped;
    private long _reported;

    public ReplayRun(
        TraceReader reader, ServerConnections connections, double speedUp, DateTimeOffset? timeStart, bool availability, TimeSpan? longestGap, TextWriter? acked)
    {
        (_reader, _connections, _speedUp, _timeStart, _availability, _longestGap) = (reader, connections, speedUp, timeStart, availability, longestGap);
        _directory = new DirectoryService.DirectoryServiceClient(connections.Next());
        _tally = new ReplayTally(acked);
    }

    public async Task RunAsync(CancellationToken cancellation)
    {
        _took.Start();
        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        try
        {
            await foreach (var row in _reader.ReadAsync(cancellation))
            {
                var clock = _clock ?? await StartClockAsync(row, stopping.Token);
                var early = row.Time - clock.GetUtcNow();
                if (early > _longestGap)
                {
                    clock.Skip(early - _longestGap.Value);
                    _skipped += early - _longestGap.Value;
                    early = _longestGap.Value;
                }
                if (early > TimeSpan.Zero)
                    await Task.Delay(early, clock, cancellation);
                var vehicle = await VehicleOfAsync(row.VehicleId, clock, stopping.Token);
                vehicle.Report(row);
                _reported++;
                _last = row.Time;
            }
            await Task.WhenAll(Vehicles().Select(vehicle => vehicle.FlushAsync(cancellation)));
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            // Stopped by hand: the summary tells how far it got.
        }
        finally
        {
            await stopping.CancelAsync();
            await Task.WhenAll(Vehicles().Select(EndOf));
            _took.Stop();
        }
    }

    public string ProgressLine()
    {
        var vehicles = Vehicles();
        var waiting = vehicles.Sum(vehicle => (long)vehicle.Connection.Buffer.FixCount);
        var connected = vehicles.Count(vehicle => vehicle.Connection.IsConnected);
        var loss = connected < vehicles.Count && _tally.LastLoss is { } reason ? $" ({reason})" : "";
        return $"{_last:yyyy-MM-dd HH:mm:ss} · {_reader.Rows:N0} rows, {_reader.BrokenRowCount:N0} broken · {connected:N0} of {vehicles.Count:N0} vehicles connected{loss}"
            + $" · {_tally.Accepted:N0} accepted, {_tally.HistoryOnly:N0} history only, {_tally.Rejected:N0} rejected, {waiting:N0} waiting";
    }

    public ReplaySummary Summary()
    {
        var vehicles = Vehicles();
        var counts = vehicles.ConvertAll(vehicle => vehicle.Connection.Counts);
        return new ReplaySummary
        {
            RowsRead = _reader.Rows,
            BrokenRows = _reader.BrokenRowCount,
            Vehicles = vehicles.Count,
            Sent = counts.Sum(c => c.FixesSent),
            Resent = counts.Sum(c => c.FixesResent),
            Accepted = _tally.Accepted,
            HistoryOnly = _tally.HistoryOnly,
            Rejected = _tally.Rejected,
            RejectedByReason = _tally.RejectedByReason(),
            LoggedAtResume = _tally.LoggedAtResume,
            Unacknowledged = vehicles.Sum(vehicle => (long)vehicle.Connection.Buffer.FixCount),
            DroppedBeforeSending = vehicles.Sum(vehicle => vehicle.Connection.Buffer.DroppedFixes),
            StreamsLost = _tally.Lost,
            LastLoss = _tally.LastLoss,
            RefusedActions = _tally.RefusedActions.ToDictionary(r => r.Key.ToString(), r => r.Value),
            RejectedByVehicle = _tally.ManyRejected(vehicles.ToDictionary(v => v.Id, v => v.Connection.Counts.FixesSent)),
            Skipped = _skipped,
            Recorded = _last - _first,
            Took = _took.Elapsed,
        };
    }

    public ReplayReport Report(ReplaySummary summary) => new(summary, _reader.BrokenRows, _tally.RejectedSample(), Vehicles().ConvertAll(vehicle =>
    {
        var buffer = vehicle.Connection.Buffer;
        var ended = vehicle.Running switch
        {
            { IsFaulted: true } running => running.Exception!.InnerException!.Message,
            { IsCompletedSuccessfully: true } running when running.Result != ConnectionEnd.Stopped => running.Result.ToString(),
            _ => null,
        };
        return new VehicleReport(vehicle.Id, vehicle.SessionId, buffer.LastSequence, buffer.AcknowledgedThrough, ended);
    }));

    /// <summary>
    /// A development server that was started at the recording's time sets the clock; any other server does as well,
    /// since it only uses how old a fix is when it is sent.
    /// </summary>
    private async Task<RecordingClock> StartClockAsync(TraceRow row, CancellationToken stopping)
    {
        var clock = new RecordingClock(_timeStart ?? row.Time, _speedUp);
        var vehicle = await VehicleOfAsync(row.VehicleId, clock, stopping);
        if (await Task.WhenAny(vehicle.Welcomed.Task, vehicle.Running) == vehicle.Running)
            throw new UserErrorException($"The server at {_connections.Servers} does not let {vehicle.Id} connect: {vehicle.Running.Exception?.InnerException?.Message ?? vehicle.Running.Result.ToString()}");
        var serverTime = await vehicle.Welcomed.Task;
        var aligned = (serverTime - row.Time).Duration() < _alignedWithin;
        var start = _timeStart ?? (aligned ? serverTime : row.Time);
        if (!aligned && _speedUp > 1)
            Console.WriteLine($"The server's clock stands at {serverTime:u}, the recording begins at {row.Time:u}. To have both run alike, start a development server with --time-start {row.Time:yyyy-MM-ddTHH:mm:ssZ} --time-scale {_speedUp}.");
        _first = row.Time;
        clock.Start(start);
        return _clock = clock;
    }

    private async ValueTask<ReplayVehicle> VehicleOfAsync(string id, RecordingClock clock, CancellationToken stopping)
    {
        // Only the reading loop adds; the lock is for those who look meanwhile.
        if (_vehicles.TryGetValue(id, out var vehicle))
            return vehicle;
        // Only drivers of the directory may say that they are available.
        if (_availability)
        {
            var entry = new UpsertDriverRequest { Driver = new Driver { DriverId = id, DisplayName = id } };
            await _connections.CallAsync(options => _directory.UpsertDriverAsync(entry, options), new Random(_vehicles.Count), TimeProvider.System, stopping);
        }
        vehicle = new ReplayVehicle(id, _connections, clock, _tally, _availability, seed: _vehicles.Count);
        lock (_gate)
            _vehicles.Add(id, vehicle);
        vehicle.Start(stopping);
        return vehicle;
    }

    private List<ReplayVehicle> Vehicles()
    {
        lock (_gate)
            return [.. _vehicles.Values];
    }

    private static async Task EndOf(ReplayVehicle vehicle) =>
        // Why a vehicle ended early is in the report; here it must only have ended.
        await ((Task)vehicle.Running).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
}
