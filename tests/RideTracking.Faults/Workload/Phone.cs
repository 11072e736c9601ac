using Grpc.Core;
using RideTracking.Client;
using RideTracking.Faults.Told;
using RideTracking.V1;

namespace RideTracking.Faults.Workload;

/// <summary>One phone of a driver's with the company's app; the app may be killed and started again, and keeps its buffer in a file.</summary>
internal sealed class Phone : IDisposable
{
    private readonly string _driverId;
    private readonly string _file;
    private readonly ChannelBase _channel;
    private readonly Func<CancellationToken, ValueTask<string>> _token;
    private readonly Record _record;
    private readonly Action<Command> _obey;
    private readonly Random _random;
    private OfflineBuffer _buffer;
    private DriverConnection _connection;
    private CancellationTokenSource _stopping = new();
    private Task<ConnectionEnd>? _running;

    public Phone(string driverId, string deviceId, string folder, ChannelBase channel, Func<CancellationToken, ValueTask<string>> token, Record record, Action<Command> obey, int seed)
    {
        (_driverId, DeviceId, _channel, _token, _record, _obey) = (driverId, deviceId, channel, token, record, obey);
        _file = Path.Combine(folder, deviceId + ".buffer");
        _random = new Random(seed);
        _buffer = OfflineBuffer.Open(_file, driverId);
        _connection = Connect();
    }

    public string DeviceId { get; }

    /// <summary>What it still owes the server.</summary>
    public int Waiting => _buffer.FixCount + _buffer.ActionCount;

    /// <summary>Whether the app runs and may still connect by itself.</summary>
    public bool IsRunning => _running is { IsCompleted: false };

    /// <summary>Why it ended, each time that the server refused it for good.</summary>
    public List<string> Failures { get; } = [];

    public bool HasRoomToAct => _buffer.ActionCount < 20;

    /// <summary>Starts the app, or connects again after another phone had the driver.</summary>
    public void Start()
    {
        if (!IsRunning)
        {
            NoteFailure();
            _running = _connection.RunAsync(_stopping.Token);
        }
    }

    /// <summary>The app is closed, and what it had in memory is gone; the file stays.</summary>
    public async Task EndAsync()
    {
        await _stopping.CancelAsync();
        if (_running is { } running)
        {
            await ((Task)running).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        NoteFailure();
        _running = null;
        _buffer.Dispose();
    }

    /// <summary>The app was killed and is started again.</summary>
    public async Task RestartAsync()
    {
        await EndAsync();
        _stopping.Dispose();
        _stopping = new CancellationTokenSource();
        _buffer = OfflineBuffer.Open(_file, _driverId);
        _connection = Connect();
        Start();
    }

    public void Report(Place place, double course, double speed)
    {
        _connection.Report(new LocationReading(Record.Now, place.LatitudeDegrees, place.LongitudeDegrees)
        {
            HorizontalAccuracyMeters = 4,
            CourseDegrees = course,
            SpeedMetersPerSecond = speed,
        });
        _record.FixReported();
    }

    /// <summary>Does something that the server is to answer.</summary>
    public DriverAction Act(DriverAction action)
    {
        action.ActionId = $"{DeviceId}.{_random.NextInt64():x}";
        _record.Acted(_driverId, DeviceId, action);
        _ = _connection.ActAsync(action);
        return action;
    }

    /// <summary>Sends what waits, until nothing waits or the time is over.</summary>
    public async Task FlushAsync(CancellationToken ct)
    {
        if (Waiting > 0)
        {
            await _connection.FlushAsync(ct);
        }
    }

    public void Dispose()
    {
        _stopping.Dispose();
        _buffer.Dispose();
    }

    private void NoteFailure()
    {
        if (_running?.Exception?.InnerException is { } e)
        {
            Failures.Add($"{DeviceId}: {e.Message}");
        }
    }

    private DriverConnection Connect()
    {
        var buffer = _buffer;
        return new DriverConnection(_channel, buffer, new DriverConnectionOptions
        {
            DriverId = _driverId,
            DeviceId = DeviceId,
            AppVersion = "faults",
            TokenSource = _token,
            OnCommand = (command, _) =>
            {
                if (command.Sequence > 0)
                {
                    _record.Commands.Enqueue(new ToldCommand(_driverId, DeviceId, command, Record.Now));
                }

                _obey(command);
                return ValueTask.CompletedTask;
            },
            OnFixesAcknowledged = told => _record.Acknowledged(_driverId, buffer.SessionId, told),
            OnActionResult = _record.Answered,
            InitialBackoff = TimeSpan.FromSeconds(0.3),
            MaxBackoff = TimeSpan.FromSeconds(3),
            WelcomeTimeout = TimeSpan.FromSeconds(8),
        }, TimeProvider.System, new Random(_random.Next()));
    }
}
