using RideTracking.Engine.Geo;

namespace RideTracking.Benchmarks.Matching;

/// <summary>
/// The least total waiting time that anybody could reach who knew all rides in advance, by trying everything: a few cars and
/// rides only. It may send a car before the ride is wanted, which nobody can who does not know.
/// </summary>
internal sealed class OfflineOptimum(GeoPoint[] cars, WantedRide[] rides)
{
    private double _best;

    /// <summary>Seconds that all riders together wait from asking to their pick-up.</summary>
    /// <param name="reached">What somebody reached: nothing above it is looked at.</param>
    public double TotalWaitSeconds(double reached)
    {
        _best = reached;
        Try(0, cars[0], 0, 0, 0);
        return _best;
    }

    // The car at hand takes one more of the rides left, or the next car's turn comes.
    private void Try(int car, GeoPoint at, double freeAt, int taken, double waited)
    {
        if (waited >= _best)
        {
            return;
        }

        if (taken == (1 << rides.Length) - 1)
        {
            _best = waited;
            return;
        }

        for (int ride = 0; ride < rides.Length; ride++)
        {
            if ((taken & (1 << ride)) == 0)
            {
                WantedRide wanted = rides[ride];
                double pickedUp = Math.Max(wanted.AtSeconds, freeAt + RideSimulation.Seconds(at, wanted.Pickup));
                double done = pickedUp + RideSimulation.BoardingSeconds + RideSimulation.Seconds(wanted.Pickup, wanted.Dropoff);
                Try(car, wanted.Dropoff, done, taken | (1 << ride), waited + pickedUp - wanted.AtSeconds);
            }
        }

        if (car + 1 < cars.Length)
        {
            Try(car + 1, cars[car + 1], 0, taken, waited);
        }
    }
}
