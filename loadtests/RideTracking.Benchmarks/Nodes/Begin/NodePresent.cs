using RideTracking.V1;

namespace RideTracking.Benchmarks.Nodes.Begin;

/// <summary>What a node says of the present: its drivers, and the trips that are not over.</summary>
/// <param name="Drivers">By their ids.</param>
/// <param name="Trips">By their ids.</param>
internal sealed record NodePresent(
    Dictionary<string, (int LatitudeE7, int LongitudeE7, DriverAvailability Availability, DriverWork Work, DriverLink Link)> Drivers,
    Dictionary<string, (ulong Version, TripState State, string DriverId)> Trips)
{
    private static readonly TripState[] Open =
        [TripState.Scheduled, TripState.Searching, TripState.Assigned, TripState.EnRouteToPickup, TripState.ArrivedAtPickup, TripState.InProgress];

    /// <summary>Asks a node.</summary>
    public static async Task<NodePresent> OfAsync(NodeClient node)
    {
        var present = new NodePresent([], []);
        using var map = node.Fleet.WatchFleet(new WatchFleetRequest { Viewport = new Viewport { South = -85, North = 85, West = -180, East = 180 } }, node.Ops);
        do
        {
            await map.ResponseStream.MoveNext(CancellationToken.None);
            foreach (var d in map.ResponseStream.Current.Drivers)
            {
                present.Drivers[d.DriverId] = (d.LatitudeE7, d.LongitudeE7, d.Availability, d.Work, d.Link);
            }
        }
        while (!map.ResponseStream.Current.SnapshotComplete);

        return present with { Trips = await TripsAsync(node) };
    }

    /// <summary>The trips that are not over, as a node has them.</summary>
    public static async Task<Dictionary<string, (ulong Version, TripState State, string DriverId)>> TripsAsync(NodeClient node)
    {
        var trips = new Dictionary<string, (ulong Version, TripState State, string DriverId)>();
        var request = new ListTripsRequest { States = { Open }, PageSize = 200 };
        do
        {
            var page = await node.Dispatch.ListTripsAsync(request, node.Service);
            foreach (var trip in page.Trips)
            {
                trips[trip.TripId] = (trip.Version, trip.State, trip.Driver?.DriverId ?? "");
            }

            request.PageToken = page.NextPageToken;
        }
        while (request.PageToken.Length > 0);

        return trips;
    }

    /// <summary>How many drivers a node shows, and how many of them as connected.</summary>
    public static async Task<FleetCounts> CountsAsync(NodeClient node)
    {
        using var map = node.Fleet.WatchFleet(new WatchFleetRequest { Viewport = new Viewport { South = -1, North = 1, West = -1, East = 1 } }, node.Ops);
        while (await map.ResponseStream.MoveNext(CancellationToken.None))
        {
            if (map.ResponseStream.Current.Counts is { } counts)
            {
                return counts;
            }
        }

        throw new InvalidOperationException("The map has ended.");
    }

    /// <summary>How many are not the same on the other node.</summary>
    public (int Drivers, int Trips) DifferentFrom(NodePresent other) => (
        Drivers.Keys.Union(other.Drivers.Keys).Count(id => !Drivers.TryGetValue(id, out var here) || !other.Drivers.TryGetValue(id, out var there) || here != there),
        Trips.Keys.Union(other.Trips.Keys).Count(id => !Trips.TryGetValue(id, out var here) || !other.Trips.TryGetValue(id, out var there) || here != there));
}
