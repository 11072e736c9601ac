using System.Globalization;
using Grpc.Core;
using RideTracking.V1;

namespace RideTracking.Benchmarks.Wires;

// The contract's calls, by the generated code and as it comes.

internal sealed class WireDispatch(WireCity city) : DispatchService.DispatchServiceBase
{
    public override Task<SearchDriversResponse> SearchDrivers(SearchDriversRequest request, ServerCallContext context) => Task.FromResult(city.Search(request));
}

internal sealed class WireDriver : DriverService.DriverServiceBase
{
    public override Task<ReportLocationsResponse> ReportLocations(ReportLocationsRequest request, ServerCallContext context) =>
        Task.FromResult(new ReportLocationsResponse { FixAck = new FixAck { ThroughSequence = request.Locations.Fixes[^1].Sequence } });

    public override async Task Connect(IAsyncStreamReader<ConnectRequest> requestStream, IServerStreamWriter<ConnectResponse> responseStream, ServerCallContext context)
    {
        while (await requestStream.MoveNext())
        {
            await responseStream.WriteAsync(new ConnectResponse { FixAck = new FixAck { ThroughSequence = requestStream.Current.Locations.Fixes[^1].Sequence } });
        }
    }
}

internal sealed class WireRider : RiderService.RiderServiceBase
{
    public override async Task WatchTrip(WatchTripRequest request, IServerStreamWriter<WatchTripResponse> responseStream, ServerCallContext context)
    {
        var car = int.Parse(request.TripId, CultureInfo.InvariantCulture);
        while (true)
        {
            await responseStream.WriteAsync(WireCity.Position(car));
            await Task.Delay(WireCity.UntilNextMove(car), context.CancellationToken);
        }
    }
}

internal sealed class WireService(WireCity city) : WireServiceBase
{
    private static long _pouredBytes;

    /// <summary>What floods were given to write, in bytes of messages.</summary>
    public static long PouredBytes => Volatile.Read(ref _pouredBytes);

    public static void Poured(long bytes) => Interlocked.Add(ref _pouredBytes, bytes);

    public override async Task Search(IAsyncStreamReader<SearchDriversRequest> requests, IServerStreamWriter<SearchDriversResponse> responses, ServerCallContext context)
    {
        while (await requests.MoveNext())
        {
            await responses.WriteAsync(city.Search(requests.Current));
        }
    }

    public override Task<WatchTripResponse> Position(WatchTripRequest request, ServerCallContext context) =>
        Task.FromResult(WireCity.Position(int.Parse(request.TripId, CultureInfo.InvariantCulture)));

    public override async Task Flood(WatchTripRequest request, IServerStreamWriter<SearchDriversResponse> responses, ServerCallContext context)
    {
        var answer = city.Search(WireData.Search(city.Centers[0], results: 30));
        var size = answer.CalculateSize();
        while (!context.CancellationToken.IsCancellationRequested)
        {
            await responses.WriteAsync(answer, context.CancellationToken);
            Poured(size);
        }
    }
}
