using System.Diagnostics;
using System.Globalization;
using Grpc.Core;
using RideTracking.V1;

namespace RideTracking.Benchmarks.Nodes.Late;

/// <summary>Two nodes: where things happen, and another one. Each kind of thing happens at a site of its own, far from the others.</summary>
internal sealed class LateCity : IDisposable
{
    public const int MetersE7 = 90;

    private const int FirstLatitudeE7 = 380_000_000;
    private const int SiteE7 = 5_000_000;
    private const int LongitudeE7 = -86_100_000;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private int _requests;

    public LateCity(NodeCluster cluster)
    {
        Here = new NodeClient(cluster.Nodes[0], cluster.Folder);
        There = new NodeClient(cluster.Nodes[1], cluster.Folder);
    }

    /// <summary>Where it happens; it also holds the area's work.</summary>
    public NodeClient Here { get; }

    /// <summary>The other one.</summary>
    public NodeClient There { get; }

    public void Dispose()
    {
        Here.Dispose();
        There.Dispose();
    }

    /// <summary>A place so many metres north of a site, 1e-7 degrees.</summary>
    public static (int Latitude, int Longitude) At(int site, int northMeters = 0) => (FirstLatitudeE7 + (site * SiteE7) + (northMeters * MetersE7), LongitudeE7);

    /// <summary>The GeoJSON of a square from so many metres north of a site on, a kilometre high and wide.</summary>
    public static string Square(int site, int northMeters)
    {
        double south = At(site, northMeters).Latitude / 1e7, west = (LongitudeE7 / 1e7) - 0.006, north = south + 0.009, east = west + 0.012;
        return string.Create(
            CultureInfo.InvariantCulture, $$"""{"type":"Polygon","coordinates":[[[{{west}},{{south}}],[{{east}},{{south}}],[{{east}},{{north}}],[{{west}},{{north}}],[{{west}},{{south}}]]]}""");
    }

    /// <summary>An id that was not used before.</summary>
    public string NextId() => $"late-{Interlocked.Increment(ref _requests)}";

    /// <summary>A rider asks for a trip at a site.</summary>
    public async Task<Trip> RequestAsync(NodeClient node, int site, string riderId = "rider-late")
    {
        var request = new RequestTripRequest { RequestId = NextId(), RiderId = riderId, PartySize = 1 };
        request.Waypoints.Add(Waypoint(WaypointKind.Pickup, At(site)));
        request.Waypoints.Add(Waypoint(WaypointKind.Dropoff, At(site, 30_000)));
        return (await node.Riders.RequestTripAsync(request, node.Service)).Trip;
    }

    public static async Task CancelAsync(NodeClient node, string tripId) =>
        await node.Riders.CancelTripAsync(new CancelTripRequest { TripId = tripId, Reason = CancellationReason.ChangedMind }, node.Service);

    /// <summary>When something was found to be so, by asking each millisecond.</summary>
    public static async Task<long> WhenAsync(Func<Task<bool>> isSo)
    {
        var started = Stopwatch.GetTimestamp();
        while (!await TryAsync(isSo))
        {
            if (Stopwatch.GetElapsedTime(started) > Patience)
            {
                throw new TimeoutException("It was not seen.");
            }

            await Task.Delay(1);
        }

        return Stopwatch.GetTimestamp();
    }

    // What is not known yet is told as an error.
    private static async Task<bool> TryAsync(Func<Task<bool>> isSo)
    {
        try
        {
            return await isSo();
        }
        catch (RpcException e) when (e.StatusCode is StatusCode.NotFound or StatusCode.FailedPrecondition)
        {
            return false;
        }
    }

    private static Waypoint Waypoint(WaypointKind kind, (int Latitude, int Longitude) atE7) => new()
    {
        Kind = kind,
        Location = new Google.Type.LatLng { Latitude = atE7.Latitude / 1e7, Longitude = atE7.Longitude / 1e7 },
        Label = $"{kind}",
    };
}
