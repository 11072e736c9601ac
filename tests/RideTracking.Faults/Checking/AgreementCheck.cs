using Grpc.Core;
using Grpc.Net.Client;
using RideTracking.Faults.Told;
using RideTracking.V1;

namespace RideTracking.Faults.Checking;

/// <summary>One present: what each node says at the end, against what the store holds.</summary>
internal sealed class AgreementCheck(Violations violations, StoreContents store, IReadOnlyList<string> drivers, Metadata token)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(40);
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(1);

    /// <summary>Asks a node, again for a while where it says something else: what it is told takes a moment.</summary>
    public async Task CheckAsync(string node, GrpcChannel channel)
    {
        using var time = new CancellationTokenSource(Patience);
        using var looks = new PeriodicTimer(LookEvery);
        IReadOnlyList<string> differences = ["it does not answer"];
        while (true)
        {
            try
            {
                differences = await CompareAsync(channel, time.Token);
            }
            catch (RpcException e) when (!time.IsCancellationRequested)
            {
                differences = [$"it answers {e.StatusCode}: {e.Status.Detail}"];
            }
            catch (RpcException)
            {
                // The time is over: what it said last counts.
            }

            if (differences.Count == 0)
            {
                return;
            }

            try
            {
                await looks.WaitForNextTickAsync(time.Token);
            }
            catch (OperationCanceledException)
            {
                foreach (var difference in differences)
                {
                    violations.Require(false, Broken.NodesDisagree, Record.Now, $"{node}: {difference}");
                }

                return;
            }
        }
    }

    private async Task<IReadOnlyList<string>> CompareAsync(GrpcChannel channel, CancellationToken ct)
    {
        var differences = new List<string>();
        await CompareTripsAsync(new DispatchService.DispatchServiceClient(channel), differences, ct);
        await CompareDriversAsync(new FleetService.FleetServiceClient(channel), differences, ct);
        return differences;
    }

    private async Task CompareTripsAsync(DispatchService.DispatchServiceClient dispatch, List<string> differences, CancellationToken ct)
    {
        var listed = new Dictionary<string, Trip>();
        for (var page = ""; ;)
        {
            var reply = await dispatch.ListTripsAsync(new ListTripsRequest { PageSize = 200, PageToken = page }, token, cancellationToken: ct);
            foreach (var trip in reply.Trips)
            {
                listed[trip.TripId] = trip;
            }

            if ((page = reply.NextPageToken).Length == 0)
            {
                break;
            }
        }

        foreach (var trip in store.Trips.Values)
        {
            if (!listed.TryGetValue(trip.Id, out var told))
            {
                differences.Add($"it does not list {trip.Id}");
            }
            else if (told.Version != trip.Version || (int)told.State != (int)trip.State || (told.Driver?.DriverId ?? "") != (trip.DriverId ?? ""))
            {
                differences.Add($"it says that {trip.Id} is {told.State} in version {told.Version}, the store {trip.State} in version {trip.Version}");
            }
        }

        differences.AddRange(listed.Keys.Where(id => !store.Trips.ContainsKey(id)).Select(id => $"it lists {id}, which the store does not have"));
        foreach (var trip in store.Trips.Values.Take(20))
        {
            var told = await dispatch.GetTripAsync(new DispatchServiceGetTripRequest { TripId = trip.Id }, token, cancellationToken: ct);
            if (told.Trip.Version != trip.Version || told.Trip.Events.Count != trip.Events.Length)
            {
                differences.Add($"it says that {trip.Id} has {told.Trip.Events.Count} events in version {told.Trip.Version}, the store {trip.Events.Length} in version {trip.Version}");
            }
        }
    }

    private async Task CompareDriversAsync(FleetService.FleetServiceClient fleet, List<string> differences, CancellationToken ct)
    {
        foreach (var driverId in drivers)
        {
            var told = await fleet.GetFleetDriverAsync(new GetFleetDriverRequest { DriverId = driverId }, token, cancellationToken: ct);
            if (store.Plans.TryGetValue(driverId, out var plan)
                && ((int)told.Availability != (int)plan.Availability || !told.TripIds.SequenceEqual(plan.TripIds) || (int)told.Work != (int)plan.Work))
            {
                differences.Add(
                    $"it says that {driverId} is {told.Availability}, {told.Work} with trips [{string.Join(' ', told.TripIds)}], the store {plan.Availability}, {plan.Work} with [{string.Join(' ', plan.TripIds)}]");
            }

            if (told.Link != DriverLink.Connected)
            {
                differences.Add($"it says that {driverId} is {told.Link}, whose phone is connected");
            }
        }

        using var watch = fleet.WatchFleet(
            new WatchFleetRequest { Viewport = new Viewport { South = 41, West = -9, North = 41.3, East = -8 } }, token, cancellationToken: ct);
        await watch.ResponseStream.MoveNext(ct);
        var counts = watch.ResponseStream.Current.Counts;
        if (counts is not null && (counts.Connected != drivers.Count || counts.SearchingTrips != 0))
        {
            differences.Add($"it counts {counts.Connected} connected of {drivers.Count} and {counts.SearchingTrips} trips that search");
        }
    }
}
