using System.Text.RegularExpressions;
using RideTracking.Engine.Dispatch;

namespace RideTracking.Engine.Tests.Dispatch;

/// <summary>The diagram of a trip's states in the docs is what the code does: no arrow more, none less.</summary>
public sealed partial class TripStatesTests
{
    [Fact]
    public void The_diagram_of_the_states_is_the_codes()
    {
        var drawn = Arrows().Matches(File.ReadAllText(Guide())).Select(m => (m.Groups[1].Value, m.Groups[2].Value)).ToHashSet();
        var seen = new HashSet<(string, string)>();
        foreach (var (from, to) in Walk())
        {
            seen.Add((from?.ToString() ?? "[*]", to.ToString()));
        }

        Assert.Equal(drawn.Order(), seen.Order());
    }

    // Every event in every state, from every way there: until nothing new is seen.
    private static HashSet<(TripState? From, TripState To)> Walk()
    {
        var steps = new HashSet<(TripState?, TripState)>();
        var worlds = new Queue<TripWorld>([new TripWorld()]);
        var known = new HashSet<string>();
        while (worlds.TryDequeue(out var world))
        {
            foreach (var next in Events(world))
            {
                var copy = Copy(world);
                copy.Now = next.At ?? copy.Now;
                if (copy.Decide(next.Happened) is not Transition { Trip: { } trip } transition)
                {
                    continue;
                }

                var before = copy.Trips.GetValueOrDefault("t")?.State;
                copy.Commit(transition);
                if (before != trip.State)
                {
                    steps.Add((before, trip.State));
                }

                var kind = $"{trip.State} {trip.DriverId} {trip.Offers.Length} {trip.Next?.Id} {trip.Next?.State} {trip.DriverLostSince is null} {trip.PassedOver.Length}";
                if (!trip.IsFinal && known.Add(kind))
                {
                    worlds.Enqueue(copy);
                }
            }
        }

        return steps;
    }

    private static IEnumerable<(DispatchEvent Happened, DateTimeOffset? At)> Events(TripWorld world)
    {
        if (world.Trips.GetValueOrDefault("t") is not { } trip)
        {
            yield return (TripWorld.Ride(stops: 1), null);
            yield return (TripWorld.Ride(stops: 1, terms: new TripTerms { ScheduledFor = world.Now.AddHours(1) }), null);
            yield break;
        }

        var driver = trip.DriverId ?? trip.Offers.FirstOrDefault()?.DriverId ?? "d1";
        foreach (var d in (string[])["d1", "d2"])
        {
            yield return (new DriverChosen(d, 1, TimeSpan.Zero), null);
            yield return (new AssignRequested(d, TripActor.Ops, ""), null);
        }

        yield return (new AssignRequested(null, TripActor.Ops, ""), null);
        yield return (new SearchDue(), trip.DueAt);
        yield return (new OfferAnswered(driver, trip.Offers.FirstOrDefault()?.Id ?? "t.o1", true), null);
        yield return (new OfferAnswered(driver, trip.Offers.FirstOrDefault()?.Id ?? "t.o1", false), null);
        yield return (new OfferTimeEnded(), trip.DueAt);
        yield return (new SearchTimeEnded(), trip.DueAt);
        yield return (new TripTimeEnded(), trip.DueAt);
        yield return (new DriverGone(driver, RemovalReason.Lost), null);
        yield return (new DriverGone(driver, RemovalReason.Blocked), null);
        yield return (new DriverBack(driver), null);
        yield return (new WaypointsRequested(trip.Version, TripWorld.AsAsked(trip)), null);
        foreach (var step in (WaypointStep[])[WaypointStep.Heading, WaypointStep.Arrived, WaypointStep.Done])
        {
            yield return (new WaypointProgressed(driver, trip.Next!.Id, step), null);
        }

        foreach (var reason in (CancellationReason[])[CancellationReason.Other, CancellationReason.NotThere])
        {
            yield return (new CancelRequested(TripActor.Rider, reason, ""), null);
            yield return (new CancelRequested(TripActor.Ops, reason, ""), null);
            yield return (new CancelRequested(TripActor.Driver, reason, "", driver), world.Now.AddMinutes(10));
        }
    }

    private static TripWorld Copy(TripWorld world)
    {
        var copy = new TripWorld { Now = world.Now };
        foreach (var driver in (string[])["d1", "d2"])
        {
            copy.Plans[driver] = world.Plans.GetValueOrDefault(driver) ?? DriverPlan.Empty(driver) with { Version = 1, Availability = Engine.Index.DriverAvailability.Available };
        }

        foreach (var (id, trip) in world.Trips)
        {
            copy.Trips[id] = trip;
        }

        return copy;
    }

    private static string Guide()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            var guide = Path.Combine(folder.FullName, "docs", "trips.md");
            if (File.Exists(guide))
            {
                return guide;
            }
        }

        throw new FileNotFoundException("There is no docs/trips.md above the tests.");
    }

    [GeneratedRegex(@"^ +(\[\*\]|\w+) --> (\w+)\s*$", RegexOptions.Multiline)]
    private static partial Regex Arrows();
}
