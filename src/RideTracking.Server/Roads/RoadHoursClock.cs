using System.Collections.Immutable;
using Microsoft.Extensions.Options;
using RideTracking.Server.Areas;
using RideTracking.Server.Hosting;

namespace RideTracking.Server.Roads;

/// <summary>Closes and opens, by the city's clocks, the roads that the map says are open at some hours only.</summary>
internal sealed class RoadHoursClock(Area area, CityRoads city, RoadTimes times, IOptions<RoadOptions> options)
    : LoopService(area.Loop("road_hours"), EverySecond)
{
    private readonly TimeZoneInfo _zone = options.Value.Zone;
    private RoadsInUse? _roads;
    private DateTime _minute;
    private ImmutableArray<int> _closed = [];

    protected override Task LookAsync(CancellationToken stopping)
    {
        var local = TimeZoneInfo.ConvertTime(area.Clock.GetUtcNow(), _zone).DateTime;
        var minute = new DateTime(local.Year, local.Month, local.Day, local.Hour, local.Minute, 0);
        if (city.Current is { } roads && (roads != _roads || minute != _minute))
        {
            ImmutableArray<int> closed = [.. roads.Graph.TimedEdges.ClosedAt(local)];
            var before = roads == _roads ? _closed : [];
            (_roads, _minute, _closed) = (roads, minute, closed);
            if (!closed.SequenceEqual(before))
            {
                times.SetClosed(roads, closed);
                city.TellChanged();
            }
        }

        return Task.CompletedTask;
    }
}
