using System.Collections.Concurrent;
using Grpc.Core;
using Grpc.Net.Client;
using RideTracking.Server.Store.Events;
using RideTracking.Server.Tests.Fixtures;
using RideTracking.V1;

namespace RideTracking.Server.Tests.Dispatch;

/// <summary>A server that is killed loses no trip that it accepted, and whoever follows the events misses none.</summary>
public sealed class KilledServerTests
{
    private const int Riders = 4;
    private const int TripsEach = 25;
    private const int Kills = 2;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    // The embedded store is killed with the server, and may then hold half of a commit: see docs/operations.md.
    [Fact]
    public async Task Every_event_of_every_accepted_trip_is_told_to_who_comes_back_with_its_cursor()
    {
        var folder = Directory.CreateTempSubdirectory("killed-trips-").FullName;
        await using var redis = await RedisProcess.StartAsync();
        await using var server = await ServerProcess.StartAsync(folder, redis);
        var accepted = new ConcurrentBag<string>();
        var progress = new SemaphoreSlim(0);
        using var handler = new SocketsHttpHandler { UseProxy = false };
        using var channel = GrpcChannel.ForAddress(server.GrpcAddress, new GrpcChannelOptions { HttpHandler = handler });
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        var events = new SortedDictionary<ulong, LoggedTripEvent>();
        var following = FollowAsync(server, channel, events, enough.Token);
        var riders = Task.WhenAll(Enumerable.Range(0, Riders).Select(i => RideAsync(server, channel, i, accepted, progress)));

        for (var kill = 0; kill < Kills; kill++)
        {
            // Some between the kills: each falls in the middle of somebody's call.
            for (var trip = 0; trip < Riders * 6; trip++)
            {
                await progress.WaitAsync(Cancel);
            }

            server.Kill();
            await server.StartAgainAsync();
        }

        await riders;
        Assert.Equal(Riders * TripsEach, accepted.Distinct().Count());
        var dispatch = new DispatchService.DispatchServiceClient(channel);
        var versions = 0;
        var trips = new List<Trip>();
        foreach (var tripId in accepted)
        {
            trips.Add((await dispatch.GetTripAsync(new DispatchServiceGetTripRequest { TripId = tripId }, await TokenAsync(server), cancellationToken: Cancel)).Trip);
            versions += trips[^1].Events.Count;
        }

        while (true)
        {
            lock (events)
            {
                if (events.Count >= versions)
                {
                    break;
                }
            }

            if (following.IsCompleted)
            {
                await following; // What ended it is what is wrong.
            }

            // A round trip, so that the following has its turn.
            await dispatch.ListTripsAsync(new ListTripsRequest { PageSize = 1 }, await TokenAsync(server), cancellationToken: Cancel);
        }

        await enough.CancelAsync();
        await following;
        Assert.Equal(Enumerable.Range(1, versions).Select(n => (ulong)n), events.Keys);
        foreach (var trip in trips)
        {
            Assert.Equal(TripState.Cancelled, trip.State);
            Assert.Equal(trip.Events, events.Values.Where(e => e.TripId == trip.TripId).Select(e => e.Event));
        }

        server.Kill();
        Directory.Delete(folder, recursive: true);
    }

    // Requests and cancels, the same again until there is an answer.
    private static async Task RideAsync(ServerProcess server, GrpcChannel channel, int rider, ConcurrentBag<string> accepted, SemaphoreSlim progress)
    {
        var client = new RiderService.RiderServiceClient(channel);
        for (var i = 0; i < TripsEach; i++)
        {
            var request = RideWorld.Ride($"q{rider}-{i}", $"r{rider}");
            var trip = (await AgainAsync(server, async headers => await client.RequestTripAsync(request, headers, cancellationToken: Cancel)))!.Trip;
            accepted.Add(trip.TripId);
            progress.Release();
            // Refused when an attempt before has done it and its answer was lost.
            await AgainAsync(server, async headers => await client.CancelTripAsync(
                new CancelTripRequest { TripId = trip.TripId, Reason = CancellationReason.ChangedMind }, headers, cancellationToken: Cancel));
        }
    }

    private static async Task FollowAsync(ServerProcess server, GrpcChannel channel, SortedDictionary<ulong, LoggedTripEvent> events, CancellationToken enough)
    {
        var client = new DispatchService.DispatchServiceClient(channel);
        var cursor = "";
        while (!enough.IsCancellationRequested)
        {
            try
            {
                await server.Ready;
                using var watch = client.WatchTripEvents(new WatchTripEventsRequest { AfterCursor = cursor }, await TokenAsync(server), cancellationToken: enough);
                while (await watch.ResponseStream.MoveNext(enough))
                {
                    lock (events)
                    {
                        foreach (var happened in watch.ResponseStream.Current.Events)
                        {
                            var number = EventPosition.Parse(happened.Cursor)!.Value.Number;
                            Assert.True(!events.TryGetValue(number, out var told) || told.Equals(happened), $"The event {happened.Cursor} was told in two ways.");
                            events[number] = happened;
                        }
                    }

                    cursor = watch.ResponseStream.Current.Cursor;
                }
            }
            catch (Exception) when (enough.IsCancellationRequested)
            {
                // Everything was seen.
            }
            catch (Exception e) when (ServerProcess.IsCutOff(e))
            {
                // Killed in the middle.
            }
        }
    }

    private static async Task<T?> AgainAsync<T>(ServerProcess server, Func<Metadata, Task<T>> call)
        where T : class
    {
        while (true)
        {
            try
            {
                await server.Ready;
                return await call(await TokenAsync(server));
            }
            catch (Exception e) when (ServerProcess.IsCutOff(e))
            {
                Cancel.ThrowIfCancellationRequested();
            }
            catch (RpcException e) when (e.StatusCode == StatusCode.FailedPrecondition)
            {
                return null;
            }
        }
    }

    private static async Task<Metadata> TokenAsync(ServerProcess server) => new()
    {
        { "authorization", "Bearer " + (await File.ReadAllTextAsync(Path.Combine(server.DataFolder, "dev-service.token"), Cancel)).Trim() },
    };
}
