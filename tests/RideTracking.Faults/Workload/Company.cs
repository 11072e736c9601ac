using Grpc.Core;
using RideTracking.Faults.Told;
using RideTracking.V1;

namespace RideTracking.Faults.Workload;

/// <summary>The company's backend: enters who there is, watches trip events, sends drivers words, and looks at what it may see. Any node will do.</summary>
internal sealed class Company(ChannelBase channel, Metadata token, Record record, IReadOnlyList<string> drivers, IReadOnlyList<string> riders, int seed)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    private readonly DispatchService.DispatchServiceClient _dispatch = new(channel);
    private readonly DirectoryService.DirectoryServiceClient _directory = new(channel);
    private readonly FleetService.FleetServiceClient _fleet = new(channel);
    private int _messages;

    /// <summary>Enters all drivers, vehicles and riders, whatever goes wrong meanwhile.</summary>
    public async Task RegisterAsync(CancellationToken ct)
    {
        foreach (var driverId in drivers)
        {
            var vehicle = new Vehicle { VehicleId = "car-" + driverId, Description = "white car", LicensePlate = "FA-UL-01", Seats = 4 };
            await UntilAnsweredAsync(o => _directory.UpsertVehicleAsync(new UpsertVehicleRequest { Vehicle = vehicle }, o), ct);
            var driver = new V1.Driver { DriverId = driverId, DisplayName = driverId, Rating = 5, VehicleId = vehicle.VehicleId };
            await UntilAnsweredAsync(o => _directory.UpsertDriverAsync(new UpsertDriverRequest { Driver = driver }, o), ct);
        }

        foreach (var riderId in riders)
        {
            var rider = new V1.Rider { RiderId = riderId, DisplayName = riderId, Phone = "+351 900 000 000" };
            await UntilAnsweredAsync(o => _directory.UpsertRiderAsync(new UpsertRiderRequest { Rider = rider }, o), ct);
        }
    }

    /// <summary>Reads all trip events, from where it stood when a watch ended; from the beginning where its cursor is refused.</summary>
    public async Task WatchAsync(CancellationToken ct)
    {
        var (cursor, watch) = ("", 1);
        while (!ct.IsCancellationRequested)
        {
            try
            {
                using var call = _dispatch.WatchTripEvents(new WatchTripEventsRequest { AfterCursor = cursor }, token, cancellationToken: ct);
                while (await call.ResponseStream.MoveNext(ct))
                {
                    foreach (var happened in call.ResponseStream.Current.Events)
                    {
                        record.Events.Enqueue(new ToldEvent(happened, watch, Record.Now));
                    }

                    cursor = call.ResponseStream.Current.Cursor.Length > 0 ? call.ResponseStream.Current.Cursor : cursor;
                }
            }
            catch (RpcException e)
            {
                if (e.StatusCode == StatusCode.OutOfRange)
                {
                    (cursor, watch) = ("", watch + 1);
                }

                record.Refused("trip events", e);
            }

            await Task.Delay(TimeSpan.FromMilliseconds(200), TimeProvider.System, ct).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Sends words to drivers of chance, each until it is told that they are on their way; how long that takes is what is unavailable.</summary>
    public async Task SendAsync(CancellationToken closing, CancellationToken ct)
    {
        var random = new Random(seed);
        while (!closing.IsCancellationRequested)
        {
            var request = new SendDriverMessageRequest { RequestId = $"words.{++_messages}", DriverId = drivers[random.Next(drivers.Count)], Text = $"Words {_messages}" };
            var asked = Record.Now;
            var answer = await UntilAnsweredAsync(o => _dispatch.SendDriverMessageAsync(request, o), ct);
            if (answer is not null)
            {
                record.Messages.Enqueue(new ToldMessage(request.RequestId, request.DriverId, answer.MessageId, request.Text, asked, Record.Now));
                record.Answers.Enqueue(Record.Now);
            }

            await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System, ct);
        }
    }

    /// <summary>Looks at trips and drivers; what it sees is not kept, but nothing may break of it.</summary>
    public async Task LookAsync(CancellationToken closing, CancellationToken ct)
    {
        var random = new Random(seed + 1);
        while (!closing.IsCancellationRequested)
        {
            try
            {
                await _dispatch.ListTripsAsync(new ListTripsRequest { PageSize = 20 }, Options(ct));
                await _fleet.GetFleetDriverAsync(new GetFleetDriverRequest { DriverId = drivers[random.Next(drivers.Count)] }, Options(ct));
            }
            catch (RpcException e)
            {
                record.Refused("look", e);
            }

            await Task.Delay(TimeSpan.FromMilliseconds(500), TimeProvider.System, ct);
        }
    }

    // Null when it is refused for good.
    private async Task<T?> UntilAnsweredAsync<T>(Func<CallOptions, AsyncUnaryCall<T>> call, CancellationToken ct)
        where T : class
    {
        while (true)
        {
            ct.ThrowIfCancellationRequested();
            try
            {
                return await call(Options(ct));
            }
            catch (RpcException e)
            {
                record.Refused("company", e);
                if (e.StatusCode is StatusCode.NotFound or StatusCode.ResourceExhausted or StatusCode.AlreadyExists or StatusCode.InvalidArgument)
                {
                    return null;
                }
            }

            await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System, ct);
        }
    }

    private CallOptions Options(CancellationToken ct) => new(token, TimeProvider.System.GetUtcNow().UtcDateTime + Patience, ct);
}
