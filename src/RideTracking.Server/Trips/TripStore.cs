using System.Collections.Immutable;
using Google.Protobuf;
using RideTracking.Engine.Dispatch;
using RideTracking.Server.Areas;
using RideTracking.Server.Log;
using RideTracking.Server.Store;
using RideTracking.Server.Store.Events;
using StackExchange.Redis;

namespace RideTracking.Server.Trips;

/// <summary>Trips and plans in the store.</summary>
internal sealed class TripStore(Area area, EventLog<V1.LoggedTripEvent> events)
{
    // What one round trip asks for when much is read.
    private const int Page = 500;

    /// <summary>Commits a decision, or tells why not.</summary>
    /// <exception cref="RedisException">The store is away; whether it committed is then not known.</exception>
    public async Task<CommitReply> CommitAsync(TripCommit commit)
    {
        RedisKey[] touched =
        [
            area.Keys.Connections, area.Keys.Plans, area.Keys.Deadlines, area.Keys.Trip(commit.TripId ?? ""), commit.Answer?.Key ?? area.Keys.RequestAnswer("", ""),
            area.Keys.TripEvents, area.Keys.TripEventsCursor, area.Keys.EndedTrips,
            .. commit.Plans.Select(p => area.Keys.Outbox(p.DriverId)),
        ];
        var reply = (RedisResult[])(await area.Feed.RunAsync(area.Writes, StoreScript.TripCommit, touched, Arguments(commit)))!;
        if (commit.Trip is not null && (string)reply[0]! == "ok")
        {
            events.Written();
        }

        return (string)reply[0]! switch
        {
            "ok" => new Committed([.. reply.Skip(1).Select(r => (int)r)]),
            "repeated" => new Repeated((byte[])reply[1]!),
            "epoch" => new OtherClaim(DriverClaim.Parse((string)reply[1]!)),
            "full" => new OutboxFull((string)reply[1]!),
            "untold" => new Untold((string)reply[1]!),
            _ => new Changed(
                TripRecords.ReadTrip((RedisValue)reply[1]),
                [.. commit.Plans.Select((p, i) => TripRecords.ReadPlan((RedisValue)reply[2 + i]) ?? DriverPlan.Empty(p.DriverId))]),
        };
    }

    /// <summary>The trip as it stands, final or not; null when there is none.</summary>
    public async Task<Trip?> ReadTripAsync(string tripId) => TripRecords.ReadTrip(await area.Trips.StringGetAsync(area.Keys.Trip(tripId)));

    /// <summary>What a request with this id was answered; null when it was not made.</summary>
    public async Task<byte[]?> ReadAnswerAsync(RedisKey key) => await area.Trips.StringGetAsync(key);

    /// <summary>The driver's plan; an empty one when there is none.</summary>
    public async Task<DriverPlan> ReadPlanAsync(string driverId) =>
        TripRecords.ReadPlan(await area.Trips.HashGetAsync(area.Keys.Plans, driverId)) ?? DriverPlan.Empty(driverId);

    /// <summary>Their plans, as many as there are; those that cannot be read are left out.</summary>
    public async Task<ImmutableArray<DriverPlan>> ReadPlansAsync(IReadOnlyCollection<string> driverIds)
    {
        var plans = ImmutableArray.CreateBuilder<DriverPlan>();
        foreach (var ids in driverIds.Chunk(Page))
        {
            var records = await area.Bulk.HashGetAsync(area.Keys.Plans, [.. ids]);
            plans.AddRange(ids.Zip(records, (id, record) => area.Unreadable.Read(RecordKind.Plan, area.Keys.Plans, id, record, TripRecords.ReadPlan)).OfType<DriverPlan>());
        }

        return plans.ToImmutable();
    }

    /// <summary>The trips that are due, the longest due first, at most <paramref name="most"/>, without the first <paramref name="skip"/>.</summary>
    public async Task<ImmutableArray<string>> ReadDueAsync(DateTimeOffset now, int most, int skip = 0)
    {
        var due = await area.Trips.SortedSetRangeByScoreAsync(
            area.Keys.Deadlines, double.NegativeInfinity, now.ToUnixTimeMilliseconds(), Exclude.None, skip, most);
        return [.. due.Select(id => (string)id!)];
    }

    /// <summary>The trips that are not final.</summary>
    public async Task<ImmutableArray<string>> ReadPresentIdsAsync() =>
        [.. (await area.Bulk.SortedSetRangeByRankAsync(area.Keys.Deadlines)).Select(id => (string)id!)];

    /// <summary>Trips that ended, the last first.</summary>
    public Task<IReadOnlyList<TimedId>> ReadEndedAsync(TimedId? after, int most) => TimedId.ReadAsync(area.Bulk, area.Keys.EndedTrips, after, most);

    /// <summary>Trips as they stand, in the order asked for; those that are not kept, or cannot be read, are left out.</summary>
    public async Task<ImmutableArray<Trip>> ReadTripsAsync(IEnumerable<string> tripIds)
    {
        var trips = ImmutableArray.CreateBuilder<Trip>();
        foreach (var ids in tripIds.Chunk(Page))
        {
            RedisKey[] read = [.. ids.Select(area.Keys.Trip)];
            var records = await area.Bulk.StringGetAsync(read);
            trips.AddRange(read.Zip(records, (key, record) => area.Unreadable.Read(RecordKind.Trip, key, "", record, TripRecords.ReadTrip)).OfType<Trip>());
        }

        return trips.ToImmutable();
    }

    /// <summary>Takes the trips that ended before a time off the list of ended ones.</summary>
    public Task ForgetEndedBeforeAsync(DateTimeOffset time) =>
        area.Writes.SortedSetRemoveBelowAsync(area.Keys.EndedTrips, time.ToUnixTimeMilliseconds());

    /// <summary>All trips that are not final, and all plans.</summary>
    public async Task<(ImmutableArray<Trip> Trips, ImmutableArray<DriverPlan> Plans)> ReadPresentAsync()
    {
        var plans = ImmutableArray.CreateBuilder<DriverPlan>();
        await foreach (var entry in area.Bulk.HashScanAsync(area.Keys.Plans, pageSize: Page))
        {
            if (area.Unreadable.Read(RecordKind.Plan, area.Keys.Plans, entry.Name, entry.Value, TripRecords.ReadPlan) is { } plan)
            {
                plans.Add(plan);
            }
        }

        // One that became final between the two reads is over.
        var trips = await ReadTripsAsync(await ReadPresentIdsAsync());
        return ([.. trips.Where(t => !t.IsFinal)], plans.ToImmutable());
    }

    private RedisValue[] Arguments(TripCommit commit)
    {
        List<RedisValue> arguments =
        [
            commit.Now.ToUnixTimeMilliseconds(),
            commit.Actor?.DriverId ?? "", commit.Actor?.Claim.ToString() ?? "",
            commit.TripId ?? "", TripRecords.NameOf(commit.Before),
            commit.Trip is null ? "" : TripRecords.Write(commit.Trip),
            commit.Trip?.DueAt is { } due ? due.ToUnixTimeMilliseconds() : "",
            area.Clock.RealMilliseconds(commit.Retention),
            commit.Answer is { } answer ? answer.Value : "", area.Clock.RealMilliseconds(StoreExpiries.RequestId),
            commit.OutboxLimit is { } limit ? limit : "",
            EventPosition.NewToken(),
            commit.Plans.Length,
        ];
        foreach (var plan in commit.Plans)
        {
            arguments.AddRange([plan.DriverId, TripRecords.NameOf(plan.Before), plan.Plan is null ? "" : TripRecords.Write(plan.Plan), plan.MustHaveHad ?? ""]);
            RedisValue[] superseded = [.. plan.Commands.SelectMany(c => c.Supersedes)];
            arguments.Add(superseded.Length);
            arguments.AddRange(superseded);
            arguments.Add(plan.Commands.Length);
            foreach (var command in plan.Commands)
            {
                arguments.AddRange([command.Field, command.ExpiresAt.ToUnixTimeMilliseconds(), command.Wire]);
            }
        }

        RedisValue[] events = commit.Trip is { } trip ? [.. trip.Events.Where(e => e.Version > (commit.Before?.Version ?? 0)).Select(e => Logged(trip, e))] : [];
        arguments.Add(events.Length);
        arguments.AddRange(events);
        return [.. arguments];
    }

    private static byte[] Logged(Trip trip, TripEvent happened) => new V1.LoggedTripEvent
    {
        TripId = trip.Id,
        RiderId = trip.RiderId,
        DriverId = trip.DriverId ?? "",
        Event = TripWire.Of(happened),
    }.ToByteArray();
}
