using RideTracking.Engine.Geo;
using RideTracking.Engine.Roads.Routing;

namespace RideTracking.Engine.Roads;

/// <summary>Tables of driving times: what the routes take, found together.</summary>
public sealed partial class RoadNetworkRouter
{
    /// <inheritdoc/>
    public void Times(ReadOnlySpan<RouteStart> from, ReadOnlySpan<GeoPoint> to, Span<double> seconds)
    {
        CustomizedMetric metric = _router.Current;
        var (starts, goals) = (new RoadPlace[from.Length], new RoadPlace[to.Length]);
        for (int i = 0; i < starts.Length; i++)
        {
            starts[i] = _places.SnapStart(metric.Metric, from[i]);
        }

        for (int i = 0; i < goals.Length; i++)
        {
            goals[i] = _places.Snap(RouteStart.Stop(to[i]));
        }

        int[] milliseconds = Table(metric, starts, goals);
        if (milliseconds.Contains(RoadMetric.Unreachable))
        {
            ReachAround(metric, starts, goals, milliseconds);
            DriveOut(metric, starts, goals, milliseconds);
        }

        for (int row = 0; row < starts.Length; row++)
        {
            for (int column = 0; column < goals.Length; column++)
            {
                int cell = row * goals.Length + column;
                seconds[cell] =
                    starts[row].Positions.Length == 0 || goals[column].Positions.Length == 0
                        ? StraightSeconds(from[row].Point, to[column])
                    : milliseconds[cell] == RoadMetric.Unreachable ? double.PositiveInfinity
                    : milliseconds[cell] / 1_000.0 + SecondsToRoad(starts[row]) + SecondsToRoad(goals[column]);
            }
        }
    }

    private int[] Table(CustomizedMetric metric, RoadPlace[] starts, RoadPlace[] goals)
    {
        var milliseconds = new int[starts.Length * goals.Length];
        _router.Table(metric, Array.ConvertAll(starts, place => place.Positions), Array.ConvertAll(goals, place => place.Positions), milliseconds);
        return milliseconds;
    }

    /// <summary>Reaches places that no way leads to, as on a closed street, on the roads around.</summary>
    private void ReachAround(CustomizedMetric metric, RoadPlace[] starts, RoadPlace[] goals, int[] milliseconds)
    {
        int[] lost = [.. Enumerable.Range(0, goals.Length).Where(IsLost)];
        ForEachAround(metric, goals, lost, (columns, places) =>
        {
            int[] times = Table(metric, starts, places);
            for (int i = 0; i < times.Length; i++)
            {
                ref int time = ref milliseconds[i / columns.Length * goals.Length + columns[i % columns.Length]];
                time = time == RoadMetric.Unreachable ? times[i] : time;
            }
        });

        bool IsLost(int column)
        {
            int unreached = 0;
            for (int row = 0; row < starts.Length; row++)
            {
                unreached += milliseconds[row * goals.Length + column] == RoadMetric.Unreachable ? 1 : 0;
            }

            // Who is on the same closed street may reach it all the same.
            return goals[column].Positions.Length > 0
                && (unreached == starts.Length || unreached > 0 && Array.TrueForAll(goals[column].Positions, each => metric.Metric[each.Edge] == RoadMetric.Closed));
        }
    }

    /// <summary>Leads those who are shut in by closed streets out of there.</summary>
    private void DriveOut(CustomizedMetric metric, RoadPlace[] starts, RoadPlace[] goals, int[] milliseconds)
    {
        for (int row = 0; row < starts.Length; row++)
        {
            int first = row * goals.Length;
            if (!milliseconds.AsSpan(first, goals.Length).Contains(RoadMetric.Unreachable))
            {
                continue;
            }

            int[] lost = [.. Enumerable.Range(0, goals.Length).Where(column => milliseconds[first + column] == RoadMetric.Unreachable && goals[column].Positions.Length > 0)];
            RoadPath[] ways = lost.Length == 0 ? [] : [.. WaysOut.From(_graph, metric.Metric, starts[row].Positions, starts[row].OnRoad, RoadPlaces.OtherRoadsMeters)];
            if (ways.Length == 0)
            {
                continue;
            }

            RoadPlace[] ends = Array.ConvertAll(ways, way => starts[row] with { Positions = [way.End] });
            Fill(lost, Array.ConvertAll(lost, column => goals[column]));
            ForEachAround(metric, goals, [.. lost.Where(column => milliseconds[first + column] == RoadMetric.Unreachable)], Fill);

            void Fill(int[] columns, RoadPlace[] places)
            {
                int[] times = Table(metric, ends, places);
                for (int i = 0; i < times.Length; i++)
                {
                    // Row by row, so that it is by the nearest way out.
                    ref int time = ref milliseconds[first + columns[i % columns.Length]];
                    time = time == RoadMetric.Unreachable && times[i] != RoadMetric.Unreachable ? (int)ways[i / columns.Length].Milliseconds + times[i] : time;
                }
            }
        }
    }

    /// <summary>Gives the roads around some places: first the nearest of each, then all.</summary>
    private void ForEachAround(CustomizedMetric metric, RoadPlace[] goals, int[] columns, Action<int[], RoadPlace[]> fill)
    {
        RoadPlace[][] around = Array.ConvertAll(columns, column => _places.Around(metric.Metric, goals[column]).ToArray());
        for (int choice = 0; Array.Exists(around, places => places.Length > choice); choice++)
        {
            int[] with = [.. Enumerable.Range(0, columns.Length).Where(i => around[i].Length > choice)];
            fill(Array.ConvertAll(with, i => columns[i]), Array.ConvertAll(with, i => around[i][choice]));
        }
    }
}
