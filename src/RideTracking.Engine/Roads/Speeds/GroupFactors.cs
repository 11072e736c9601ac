namespace RideTracking.Engine.Roads.Speeds;

/// <summary>
/// What classes of roads and hours have in common, as factors over free flow: of everything, of an hour, of a class, and of
/// a class in an hour, each corrected by what the ones before it do not explain.
/// </summary>
internal sealed class GroupFactors
{
    private readonly double[,] _factors;

    public GroupFactors(SpeedSums[,] seen, double beliefSeconds)
    {
        int classes = seen.GetLength(0);
        _factors = new double[classes, WeekHours.Count];
        var all = new SpeedSums();
        foreach (SpeedSums each in seen)
        {
            all += each;
        }

        double general = Correction(all.DrivenSeconds, all.FreeFlowSeconds, beliefSeconds);
        double[] hours = [.. Enumerable.Range(0, WeekHours.Count).Select(hour =>
        {
            var near = new SpeedSums();
            for (int kind = 0; kind < classes; kind++)
            {
                near += Near(seen, kind, hour);
            }

            return general * Correction(near.DrivenSeconds, general * near.FreeFlowSeconds, beliefSeconds);
        })];
        for (int kind = 0; kind < classes; kind++)
        {
            double driven = 0, expected = 0;
            for (int hour = 0; hour < WeekHours.Count; hour++)
            {
                driven += seen[kind, hour].DrivenSeconds;
                expected += hours[hour] * seen[kind, hour].FreeFlowSeconds;
            }

            double ofClass = Correction(driven, expected, beliefSeconds);
            for (int hour = 0; hour < WeekHours.Count; hour++)
            {
                SpeedSums near = Near(seen, kind, hour);
                double factor = hours[hour] * ofClass;
                _factors[kind, hour] = factor * Correction(near.DrivenSeconds, factor * near.FreeFlowSeconds, beliefSeconds);
            }
        }
    }

    /// <summary>Real time over that of free flow.</summary>
    public double Of(int roadClass, int hour) => _factors[roadClass, hour];

    /// <summary>
    /// By what factor what was expected is wrong, drawn towards 1 while little was seen: as if so many seconds more had been
    /// driven just as expected.
    /// </summary>
    public static double Correction(double drivenSeconds, double expectedSeconds, double beliefSeconds) =>
        (drivenSeconds + beliefSeconds) / (expectedSeconds + beliefSeconds);

    private static SpeedSums Near(SpeedSums[,] seen, int kind, int hour)
    {
        var near = new SpeedSums();
        for (int other = 0; other < WeekHours.Count; other++)
        {
            near += seen[kind, other] * WeekHours.Likeness(hour, other);
        }

        return near;
    }
}
