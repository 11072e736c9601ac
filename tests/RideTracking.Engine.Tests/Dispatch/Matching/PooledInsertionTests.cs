using System.Collections.Immutable;
using RideTracking.Engine.Dispatch.Matching;
using RideTracking.Engine.Geo;
using RideTracking.Engine.Roads;

namespace RideTracking.Engine.Tests.Dispatch.Matching;

public class PooledInsertionTests
{
    // A street: 0.01 degrees of longitude on the equator are 1,111.95 m; at this speed one of them takes 100 s.
    private static readonly StraightLineRouter Street = new(Earth.DistanceMeters(new(0, 0), new(0, 0.01)) / 100);
    private static readonly PoolLimits Limits = new(Seats: 4, MaxDetourShare: 0.5, MaxDetourSeconds: 120, MaxPickupDelaySeconds: 180);

    [Fact]
    public void A_rider_on_the_way_is_taken_along_for_nothing()
    {
        // On board to km 10, the newcomer from 3 to 7.
        var order = Find(0, [Drop("a", 10)], [new("a", 1, 1_000)], New(400), 3, 7);
        Assert.Equal([Pick("n", 3), Drop("n", 7), Drop("a", 10)], order!.Stops);
        Assert.Equal([300, 700, 1_000], order.ArrivalSeconds.Select(s => Math.Round(s, 3)));
        Assert.Equal(0, order.AddedSeconds, 1e-6);
    }

    [Fact]
    public void A_detour_is_driven_as_far_as_it_was_allowed()
    {
        // The newcomer waits 2 behind: 400 s more for the one on board.
        PooledRider[] alone = [new("a", 1, 800)];
        Assert.Equal(400, Find(0, [Drop("a", 8)], alone, New(300), -2, 1)!.AddedSeconds, 1e-6);
        // 401 s would be more than half of the ride; but dropped first, the one on board has no detour at all.
        var after = Find(0, [Drop("a", 8)], [new("a", 1, 798)], New(300), -2, 1)!;
        Assert.Equal([Drop("a", 8), Pick("n", -2), Drop("n", 1)], after.Stops);
    }

    [Fact]
    public void Seats_are_counted_on_each_stretch()
    {
        PooledRider[] onBoard = [new("a", 3, 1_000)];
        Assert.Equal([Pick("n", 2), Drop("n", 4), Drop("a", 10)], Find(0, [Drop("a", 10)], onBoard, New(200), 2, 4)!.Stops);
        Assert.Equal([Drop("a", 10), Pick("n", 2), Drop("n", 4)], Find(0, [Drop("a", 10)], onBoard, New(200) with { PartySize = 2 }, 2, 4)!.Stops);
        Assert.Null(Find(0, [Drop("a", 10)], onBoard, New(200) with { PartySize = 5 }, 2, 4));
    }

    [Fact]
    public void Who_was_promised_a_pickup_does_not_wait_beyond_the_limit()
    {
        PooledStop[] stops = [Pick("a", 5), Drop("a", 10)];
        // Taking the newcomer at -1 first delays by 200 s.
        Assert.Equal(Pick("n", -1), Find(0, stops, [new("a", 1, 500) { PromisedPickupSeconds = 520 }], New(700), -1, 6)!.Stops[0]);
        Assert.Equal(Pick("a", 5), Find(0, stops, [new("a", 1, 500) { PromisedPickupSeconds = 519 }], New(700), -1, 6)!.Stops[0]);
    }

    [Fact]
    public void A_limit_that_is_broken_already_forbids_only_what_makes_it_worse()
    {
        PooledRider[] late = [new("a", 1, 1_000) { RiddenSeconds = 1_500 }];
        Assert.Equal([Pick("n", 3), Drop("n", 7), Drop("a", 10)], Find(0, [Drop("a", 10)], late, New(400), 3, 7)!.Stops);
        Assert.Equal([Drop("a", 10), Pick("n", -1), Drop("n", 1)], Find(0, [Drop("a", 10)], late, New(200), -1, 1)!.Stops);
    }

    [Fact]
    public void Where_no_way_leads_nobody_is_taken_along()
    {
        Assert.Null(PooledInsertion.Find(default, [], [], New(1), new(0, 0.1), new(0, 0.2), Limits, new NoWays()));
        Assert.NotNull(Find(0, [], [], New(100), 1, 2));
    }

    [Fact]
    public void Stops_of_nobody_are_refused()
    {
        Assert.Throws<ArgumentException>(() => Find(0, [Drop("a", 1)], [], New(1), 1, 2));
        Assert.Throws<ArgumentException>(() => Find(0, [Pick("a", 1)], [new("a", 1, 1)], New(1), 1, 2));
    }

    [Fact]
    public void No_order_that_keeps_the_limits_is_shorter()
    {
        var (found, none) = (0, 0);
        for (var seed = 0; seed < 3_000; seed++)
        {
            var random = new Random(seed);
            var (stops, riders) = Shared(random);
            var limits = new PoolLimits(1 + random.Next(5), random.NextDouble(), 400 * random.NextDouble(), 600 * random.NextDouble());
            var (at, pickup, dropoff) = (Place(random), Place(random), Place(random));
            var newcomer = new PooledRider("n", 1 + random.Next(2), Seconds(pickup, dropoff)) { PromisedPickupSeconds = random.Next(3) == 0 ? random.Next(2_000) : null };
            var order = PooledInsertion.Find(at, [.. stops], [.. riders], newcomer, pickup, dropoff, limits, Street);
            var all = Orders([.. stops], new("n", PooledStopKind.Pickup, pickup), new("n", PooledStopKind.Dropoff, dropoff))
                .Where(o => IsKept(at, o, stops, [.. riders, newcomer], limits)).ToList();
            if (order is null)
            {
                Assert.True(all.Count == 0, $"seed {seed}");
                none++;
                continue;
            }

            Assert.True(all.Any(o => o.SequenceEqual(order.Stops)), $"seed {seed}");
            Assert.Equal(all.Min(o => Arrivals(at, o)[^1]), order.ArrivalSeconds[^1], 1e-4);
            Assert.Equal(Arrivals(at, order.Stops), order.ArrivalSeconds.AsEnumerable(), (a, b) => Math.Abs(a - b) < 1e-4);
            Assert.Equal(order.ArrivalSeconds[^1] - (stops.Count == 0 ? 0 : Arrivals(at, stops)[^1]), order.AddedSeconds, 1e-4);
            found++;
        }

        Assert.True(found > 500 && none > 500, $"{found} found, {none} not");
    }

    private static PooledOrder? Find(
        double at, PooledStop[] stops, PooledRider[] riders, PooledRider newcomer, double pickup, double dropoff) =>
        PooledInsertion.Find(On(at), [.. stops], [.. riders], newcomer, On(pickup), On(dropoff), Limits, Street);

    private static PooledRider New(double directSeconds) => new("n", 1, directSeconds);

    private static PooledStop Pick(string trip, double at) => new(trip, PooledStopKind.Pickup, On(at));

    private static PooledStop Drop(string trip, double at) => new(trip, PooledStopKind.Dropoff, On(at));

    private static GeoPoint On(double at) => new(0, at / 100);

    private static GeoPoint Place(Random random) => new(random.NextDouble() * 0.1, random.NextDouble() * 0.1);

    private static double Seconds(GeoPoint from, GeoPoint to)
    {
        var seconds = new double[1];
        Street.Times([RouteStart.Stop(from)], [to], seconds);
        return seconds[0];
    }

    // Up to three riders, on board or waiting, some with a stop of their own, in any order that makes sense.
    private static (List<PooledStop> Stops, List<PooledRider> Riders) Shared(Random random)
    {
        var (stops, riders) = (new List<PooledStop>(), new List<PooledRider>());
        for (var i = random.Next(4); i > 0; i--)
        {
            var (trip, waits) = ($"t{i}", random.Next(2) == 0);
            var at = 0;
            if (waits)
            {
                at = random.Next(stops.Count + 1);
                stops.Insert(at++, new(trip, PooledStopKind.Pickup, Place(random)));
            }

            if (random.Next(3) == 0)
            {
                at = random.Next(at, stops.Count + 1);
                stops.Insert(at++, new(trip, PooledStopKind.Stop, Place(random)));
            }

            stops.Insert(random.Next(at, stops.Count + 1), new(trip, PooledStopKind.Dropoff, Place(random)));
            riders.Add(new PooledRider(trip, 1 + random.Next(2), random.Next(100, 2_000))
            {
                RiddenSeconds = waits ? 0 : random.Next(500),
                PromisedPickupSeconds = waits && random.Next(3) > 0 ? random.Next(-100, 2_000) : null,
            });
        }

        return (stops, riders);
    }

    private static IEnumerable<ImmutableArray<PooledStop>> Orders(ImmutableArray<PooledStop> stops, PooledStop pickup, PooledStop dropoff) =>
        from at in Enumerable.Range(0, stops.Length + 1)
        from until in Enumerable.Range(at + 1, stops.Length + 1 - at)
        select stops.Insert(at, pickup).Insert(until, dropoff);

    private static double[] Arrivals(GeoPoint at, IReadOnlyList<PooledStop> order)
    {
        var (arrivals, seconds) = (new double[order.Count], 0.0);
        for (var i = 0; i < order.Count; i++)
        {
            arrivals[i] = seconds += Seconds(i == 0 ? at : order[i - 1].Location, order[i].Location);
        }

        return arrivals;
    }

    // Said once more in words of its own: seats on each stretch, each rider's detour, each promised pick-up.
    private static bool IsKept(GeoPoint at, IReadOnlyList<PooledStop> order, List<PooledStop> present, PooledRider[] riders, PoolLimits limits)
    {
        for (var stretch = 0; stretch < order.Count; stretch++)
        {
            var seated = riders.Where(r => order.Skip(stretch + 1).Any(s => s.TripId == r.TripId && s.Kind == PooledStopKind.Dropoff)
                && !order.Skip(stretch + 1).Any(s => s.TripId == r.TripId && s.Kind == PooledStopKind.Pickup));
            if (order[stretch].Kind == PooledStopKind.Pickup && seated.Sum(r => r.PartySize) > limits.Seats)
            {
                return false;
            }
        }

        return riders.All(rider =>
        {
            var (now, was) = (Ride(order), rider.TripId == "n" ? (Pickup: double.NegativeInfinity, Detour: double.NegativeInfinity) : Ride(present));
            return (now.Detour <= Math.Max(limits.MaxDetourShare * rider.DirectSeconds, limits.MaxDetourSeconds) + 1e-5 || now.Detour <= was.Detour + 1e-5)
                && (rider.PromisedPickupSeconds is not { } promised || now.Pickup <= promised + limits.MaxPickupDelaySeconds + 1e-5 || now.Pickup <= was.Pickup + 1e-5);

            (double Pickup, double Detour) Ride(IReadOnlyList<PooledStop> stops)
            {
                var arrivals = Arrivals(at, stops);
                double pickup = 0, dropoff = 0;
                for (var i = 0; i < stops.Count; i++)
                {
                    if (stops[i].TripId == rider.TripId)
                    {
                        pickup = stops[i].Kind == PooledStopKind.Pickup ? arrivals[i] : pickup;
                        dropoff = stops[i].Kind == PooledStopKind.Dropoff ? arrivals[i] : dropoff;
                    }
                }

                return (pickup, rider.RiddenSeconds + dropoff - pickup - rider.DirectSeconds);
            }
        });
    }

    private sealed class NoWays : IRouteFinder
    {
        public Route Through(RouteStart start, ReadOnlySpan<GeoPoint> stops) => throw new InvalidOperationException("Only times are asked for.");

        public void Times(ReadOnlySpan<RouteStart> from, ReadOnlySpan<GeoPoint> to, Span<double> seconds) => seconds.Fill(double.PositiveInfinity);
    }
}
