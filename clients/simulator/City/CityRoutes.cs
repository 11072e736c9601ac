using System.Globalization;
using Google.Rpc;
using Google.Type;
using Grpc.Core;
using RideTracking.V1;

namespace RideTracking.Simulator.City;

/// <summary>Asks the server for ways through the city, few at a time: hundreds of cars set out at once. Thread-safe.</summary>
internal sealed class CityRoutes(ServerConnections connections, CityTally tally) : IAsyncDisposable
{
    private const int CallsAtATime = 8;

    private readonly SemaphoreSlim _calls = new(CallsAtATime);
    private readonly RiderService.RiderServiceClient _client = new(connections.Next());

    /// <summary>A way from one place to another; null when there is none to be had just now.</summary>
    public async Task<RoutePath?> FindAsync(Place from, Place to, CancellationToken ct)
    {
        await _calls.WaitAsync(ct);
        try
        {
            var (route, refusal) = await TryEstimateAsync(from, to, ct);
            // Nobody may be picked up here, but one may drive on from next to it.
            if (refusal is not null && NearestPickup(refusal) is { } near)
                (route, refusal) = await TryEstimateAsync(near, to, ct);
            if (refusal is not null)
                tally.Refused("route", refusal);
            return RoutePath.Of(route);
        }
        finally
        {
            _calls.Release();
        }
    }

    /// <summary>Waits for those who are still asking; they have been cancelled.</summary>
    public async ValueTask DisposeAsync()
    {
        for (var call = 0; call < CallsAtATime; call++)
            await _calls.WaitAsync();
        _calls.Dispose();
    }

    private async Task<(Route? Route, RpcException? Refusal)> TryEstimateAsync(Place from, Place to, CancellationToken ct)
    {
        var request = new EstimateTripRequest
        {
            Waypoints = { WaypointAt(from, WaypointKind.Pickup), WaypointAt(to, WaypointKind.Dropoff) },
        };
        try
        {
            return ((await connections.AskAsync(options => _client.EstimateTripAsync(request, options), ct)).Route, null);
        }
        catch (RpcException e)
        {
            ct.ThrowIfCancellationRequested();
            return (null, e);
        }
    }

    /// <summary>A waypoint without a name.</summary>
    public static Waypoint WaypointAt(Place place, WaypointKind kind) => new()
    {
        Kind = kind,
        Location = new LatLng { Latitude = place.LatitudeDegrees, Longitude = place.LongitudeDegrees },
    };

    private static Place? NearestPickup(RpcException e) =>
        e.GetRpcStatus()?.GetDetail<ErrorInfo>() is { Reason: "NO_PICKUP_ZONE" } info
        && info.Metadata.TryGetValue("nearest_latitude", out var latitude) && info.Metadata.TryGetValue("nearest_longitude", out var longitude)
        && double.TryParse(latitude, CultureInfo.InvariantCulture, out var north) && double.TryParse(longitude, CultureInfo.InvariantCulture, out var east)
            ? new Place(north, east)
            : null;
}
