using System.Collections.Concurrent;
using RideTracking.V1;

namespace RideTracking.Benchmarks.Nodes;

/// <summary>Drivers who take what they are offered, and riders for whom they do it, on the first node.</summary>
internal sealed class BusyCity : IDisposable
{
    private const int LatitudeE7 = 411_500_000;
    private const int LongitudeE7 = -86_100_000;

    private readonly NodeClient _node;
    private readonly List<NodePhone> _phones = [];
    private readonly ConcurrentDictionary<string, TaskCompletionSource> _driven = new();
    private readonly CpuWatch _watch;
    private int _requests;

    private BusyCity(NodeCluster cluster)
    {
        _node = new NodeClient(cluster.Nodes[0], cluster.Folder);
        _watch = cluster.Watch();
    }

    public ulong VersionAtEnd { get; private set; }

    public static async Task<BusyCity> OpenAsync(NodeCluster cluster, int drivers)
    {
        var city = new BusyCity(cluster);
        for (var i = 0; i < drivers; i++)
        {
            NodePhone? phone = null;
            phone = await NodePhone.ConnectAsync(city._node, $"driver-{i}", (LatitudeE7 + (i * 1_000), LongitudeE7), command => city.Obey(phone!, command));
            city._phones.Add(phone);
        }

        return city;
    }

    public async Task<double[]> DriveAsync(int trips)
    {
        foreach (var phone in _phones)
        {
            await phone.ReportAsync(phone.PlaceE7, TimeSpan.FromSeconds(4));
        }

        await _watch.RestAsync();
        return await _watch.MeasureAsync(async () =>
        {
            var left = trips;
            await Task.WhenAll(_phones.Select(async (_, rider) =>
            {
                while (Interlocked.Decrement(ref left) >= 0)
                {
                    await RideAsync($"rider-{rider}");
                }
            }));
            return trips;
        });
    }

    /// <summary>Rides go on until told to stop; those that have begun are driven to their ends.</summary>
    /// <returns>How many there were.</returns>
    public async Task<int> RideAsync(CancellationToken stop)
    {
        var rides = 0;
        await Task.WhenAll(_phones.Select(async (phone, rider) =>
        {
            await phone.ReportAsync(phone.PlaceE7, TimeSpan.FromSeconds(4));
            while (!stop.IsCancellationRequested)
            {
                await RideAsync($"rider-{rider}");
                Interlocked.Increment(ref rides);
            }
        }));
        return rides;
    }

    public void Dispose()
    {
        _phones.ForEach(phone => phone.Dispose());
        _node.Dispose();
    }

    private async Task RideAsync(string riderId)
    {
        var request = new RequestTripRequest { RequestId = $"r-{Interlocked.Increment(ref _requests)}", RiderId = riderId, PartySize = 1 };
        request.Waypoints.Add(Waypoint(WaypointKind.Pickup, 0));
        request.Waypoints.Add(Waypoint(WaypointKind.Dropoff, 200_000));
        var trip = (await _node.Riders.RequestTripAsync(request, _node.Service)).Trip;
        await _driven.GetOrAdd(trip.TripId, _ => new(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
        if (VersionAtEnd == 0)
        {
            VersionAtEnd = (await _node.Riders.GetTripAsync(new GetTripRequest { TripId = trip.TripId }, _node.Service)).Trip.Version;
        }

        _driven.TryRemove(trip.TripId, out _);
    }

    private void Obey(NodePhone phone, Command command)
    {
        if (command.TripOffer is { } offer)
        {
            _ = DriveAsync(phone, offer);
        }
    }

    private async Task DriveAsync(NodePhone phone, TripOffer offer)
    {
        var driven = _driven.GetOrAdd(offer.TripId, _ => new(TaskCreationOptions.RunContinuationsAsynchronously));
        try
        {
            await phone.ActAsync(new DriverAction { OfferReply = new OfferReply { OfferId = offer.OfferId, Accepted = true } });
            foreach (var waypoint in offer.Waypoints)
            {
                foreach (var step in new[] { WaypointStep.Arrived, WaypointStep.Done })
                {
                    await phone.ActAsync(new DriverAction { TripProgress = new TripProgress { TripId = offer.TripId, WaypointId = waypoint.WaypointId, Step = step } });
                }
            }

            driven.TrySetResult();
        }
        catch (Exception e)
        {
            driven.TrySetException(e);
        }
    }

    private static Waypoint Waypoint(WaypointKind kind, int northE7) => new()
    {
        Kind = kind,
        Location = new Google.Type.LatLng { Latitude = (LatitudeE7 + northE7) / 1e7, Longitude = LongitudeE7 / 1e7 },
        Label = $"{kind}",
    };
}
