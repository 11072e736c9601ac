using System.Collections.Concurrent;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using RideTracking.V1;

namespace RideTracking.Benchmarks.Nodes;

/// <summary>A driver's app on one node, which acknowledges what it is told and reports where it is said to be, on a clock of its own.</summary>
internal sealed class NodePhone : IDisposable
{
    private static long _sessions;

    private readonly AsyncDuplexStreamingCall<ConnectRequest, ConnectResponse> _call;
    private readonly ConcurrentDictionary<string, TaskCompletionSource<ActionResult>> _actions = new();
    private readonly SemaphoreSlim _writing = new(1);
    private readonly Action<Command> _obey;
    private readonly string _sessionId = $"bench-{Interlocked.Increment(ref _sessions)}";
    private long _phoneTimeUnixMs = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();
    private ulong _sequence;
    private int _actionNumber;

    private NodePhone(AsyncDuplexStreamingCall<ConnectRequest, ConnectResponse> call, string driverId, Action<Command> obey)
    {
        (_call, DriverId, _obey) = (call, driverId, obey);
        Messages = new StreamWatch<ConnectResponse>(call.ResponseStream, Take);
    }

    public string DriverId { get; }

    /// <summary>All that comes down.</summary>
    public StreamWatch<ConnectResponse> Messages { get; }

    /// <summary>Where it was last, 1e-7 degrees.</summary>
    public (int Latitude, int Longitude) PlaceE7 { get; private set; }

    /// <summary>Enters the driver with a car, connects, reports a place and is available.</summary>
    /// <param name="node">Which node it connects to.</param>
    /// <param name="driverId">Whose it is.</param>
    /// <param name="placeE7">Where it is, 1e-7 degrees.</param>
    /// <param name="obey">Told of each command, on the thread that reads the stream.</param>
    public static async Task<NodePhone> ConnectAsync(NodeClient node, string driverId, (int Latitude, int Longitude) placeE7, Action<Command>? obey = null)
    {
        await node.Directory.UpsertVehicleAsync(
            new UpsertVehicleRequest { Vehicle = new Vehicle { VehicleId = "car-" + driverId, Description = "white car", LicensePlate = "BE-NC-01", Seats = 4 } }, node.Service);
        await node.Directory.UpsertDriverAsync(
            new UpsertDriverRequest { Driver = new Driver { DriverId = driverId, DisplayName = driverId, Rating = 5, VehicleId = "car-" + driverId } }, node.Service);
        var phone = new NodePhone(node.Drivers.Connect(node.Service), driverId, obey ?? (_ => { }));
        var welcomed = phone.Messages.WhenAsync(m => m.Welcome is not null);
        await phone.SendAsync(new ConnectRequest { Hello = new Hello { ProtocolVersion = 1, DriverId = driverId, SessionId = phone._sessionId } });
        await welcomed;
        await phone.ReportAsync(placeE7, TimeSpan.FromSeconds(1));
        await phone.ActAsync(new DriverAction { SetAvailability = new SetAvailability { Availability = DriverAvailability.Available } });
        return phone;
    }

    /// <summary>Reports a place, so much later than the one before by the phone's clock.</summary>
    public Task ReportAsync((int Latitude, int Longitude) placeE7, TimeSpan later)
    {
        PlaceE7 = placeE7;
        _phoneTimeUnixMs += (long)later.TotalMilliseconds;
        return SendAsync(new ConnectRequest
        {
            Locations = new LocationBatch
            {
                SentAtUnixMs = _phoneTimeUnixMs,
                Fixes =
                {
                    new Fix
                    {
                        Sequence = ++_sequence,
                        SensorTimeUnixMs = _phoneTimeUnixMs,
                        LatitudeE7 = placeE7.Latitude,
                        LongitudeE7 = placeE7.Longitude,
                        HorizontalAccuracyDecimeters = 45,
                        SpeedCentimetersPerSecond = 1_000,
                    },
                },
            },
        });
    }

    /// <summary>Acts, and is told that it was done.</summary>
    /// <exception cref="InvalidOperationException">It was refused.</exception>
    public async Task ActAsync(DriverAction action)
    {
        action.ActionId = $"{_sessionId}-{Interlocked.Increment(ref _actionNumber)}";
        action.OccurredAt = Timestamp.FromDateTimeOffset(DateTimeOffset.FromUnixTimeMilliseconds(_phoneTimeUnixMs));
        var answered = _actions[action.ActionId] = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await SendAsync(new ConnectRequest { Action = action });
        var result = await answered.Task;
        if (result.Status.Code != 0)
        {
            throw new InvalidOperationException($"{DriverId}: {action}: {result.Status}");
        }
    }

    public void Dispose()
    {
        _call.Dispose();
        Messages.Dispose();
        _writing.Dispose();
    }

    private async Task SendAsync(ConnectRequest message)
    {
        await _writing.WaitAsync();
        try
        {
            await _call.RequestStream.WriteAsync(message);
        }
        finally
        {
            _writing.Release();
        }
    }

    private void Take(ConnectResponse message)
    {
        if (message.ActionResult is { } result && _actions.TryRemove(result.ActionId, out var answered))
        {
            answered.TrySetResult(result);
        }

        if (message.Command is { } command)
        {
            _ = SendAsync(new ConnectRequest { CommandAck = new CommandAck { ThroughSequence = command.Sequence } });
            _obey(command);
        }
    }
}
