namespace RideTracking.Engine.Roads.Osm;

/// <summary>
/// How fast ferries come across, the wait at the pier included. What has a duration takes it: a way its own, and what is left
/// of a route that of the route, shared out by length.
/// </summary>
internal sealed class FerrySpeeds
{
    private static readonly TimeSpan _wait = TimeSpan.FromMinutes(5);

    private readonly Dictionary<long, byte> _kmh = [];

    /// <param name="ferries">All ways by ferry, each with its length.</param>
    /// <param name="routes">Those that some of them are part of.</param>
    public FerrySpeeds(IEnumerable<(OsmRoad Road, double Meters)> ferries, FerryRoutes routes)
    {
        foreach (var passage in ferries.GroupBy<(OsmRoad Road, double Meters), object>(ferry =>
            ferry.Road.Traits.FerryDuration == TimeSpan.Zero && routes.Of(ferry.Road.Id) is { } route ? route : ferry.Road.Id))
        {
            double kilometers = passage.Sum(ferry => ferry.Meters) / 1_000;
            WayTraits way = passage.First().Road.Traits;
            TimeSpan duration = (passage.Key as FerryRoute)?.Duration ?? way.FerryDuration;
            double hours = duration > TimeSpan.Zero ? duration.TotalHours : kilometers / way.FerryKmh;
            foreach ((OsmRoad road, _) in passage)
            {
                _kmh[road.Id] = (byte)Math.Clamp(Math.Round(kilometers / (hours + _wait.TotalHours)), 1, 130);
            }
        }
    }

    /// <summary>km/h of a way by ferry, from 1 up.</summary>
    public byte Of(long way) => _kmh[way];
}
