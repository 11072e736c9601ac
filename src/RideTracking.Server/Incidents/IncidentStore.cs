using Google.Protobuf;
using Microsoft.Extensions.Options;
using RideTracking.Server.Areas;
using RideTracking.Server.Log;
using RideTracking.Server.Store;
using RideTracking.Server.Store.Events;
using RideTracking.Server.Trips;
using StackExchange.Redis;

namespace RideTracking.Server.Incidents;

/// <summary>Incidents in the store.</summary>
internal sealed class IncidentStore(
    Area area, EventLog<V1.Incident> events, IOptions<IncidentOptions> options)
{
    // Who is farther behind begins anew with all that are open.
    private const int EventsKept = 10_000;

    private const int Page = 500;

    /// <summary>Writes an incident as it becomes: raised or closed.</summary>
    /// <param name="incident">With the version that it was decided on; 0 when it is raised.</param>
    /// <param name="answer">What is remembered for a repeat.</param>
    /// <param name="actor">The driver whose action it is.</param>
    /// <exception cref="RedisException">The store is away; whether it was written is then not known.</exception>
    public async Task<IncidentReply> CommitAsync(V1.Incident incident, StoredAnswer? answer, ActingDriver? actor)
    {
        var now = area.Clock.GetUtcNow();
        var record = incident.Clone();
        record.Version = 0;
        var reply = (RedisResult[])(await area.Feed.RunAsync(
            area.Writes,
            StoreScript.IncidentCommit,
            [
                area.Keys.Incident(incident.IncidentId), area.Keys.OpenIncidents, area.Keys.ClosedIncidents, area.Keys.IncidentEvents, area.Keys.IncidentEventsCursor, area.Keys.OpenIncidentsBy,
                answer?.Key ?? area.Keys.RequestAnswer("", ""), area.Keys.Connections,
            ],
            [
                incident.IncidentId, incident.Version, record.ToByteArray(), now.ToUnixTimeMilliseconds(),
                incident.State == V1.IncidentState.Open ? "" : area.Clock.RealMilliseconds(options.Value.Retention),
                (now - options.Value.Retention).ToUnixTimeMilliseconds(), EventsKept,
                incident.RaisedBy == V1.TripActor.Driver ? "driver:" + incident.Driver.DriverId : "rider:" + incident.RiderId, options.Value.MaxOpen,
                answer is { } kept ? kept.Value : "", area.Clock.RealMilliseconds(StoreExpiries.RequestId),
                actor?.DriverId ?? "", actor?.Claim.ToString() ?? "", EventPosition.NewToken(),
            ]))!;
        switch ((string)reply[0]!)
        {
            case "ok":
                events.Written();
                return new IncidentCommitted();
            case "repeated":
                return new IncidentAnsweredBefore((byte[])reply[1]!);
            case "epoch":
                return new IncidentTakenOver(DriverClaim.Parse((string)reply[1]!));
            case "full":
                return new TooManyIncidents();
            default:
                return new IncidentChanged(Read((RedisValue)reply[1]));
        }
    }

    /// <summary>An incident as it stands; null when there is none, or none any more.</summary>
    /// <exception cref="RedisException">The store is away.</exception>
    public async Task<V1.Incident?> FindAsync(string incidentId) => Read(await area.Trips.StringGetAsync(area.Keys.Incident(incidentId)));

    /// <summary>All that are open, the oldest first.</summary>
    /// <exception cref="RedisException">The store is away.</exception>
    public async Task<List<V1.Incident>> ReadOpenAsync()
    {
        var open = new List<V1.Incident>();
        foreach (var ids in (await area.Bulk.SortedSetRangeByRankAsync(area.Keys.OpenIncidents)).Chunk(Page))
        {
            open.AddRange((await ReadAsync(ids.Select(id => (string)id!))).Where(i => i.State == V1.IncidentState.Open));
        }

        return open;
    }

    /// <summary>Open or closed ones, the newest first, and where the next page begins; null after the last.</summary>
    /// <exception cref="RedisException">The store is away.</exception>
    public async Task<(IReadOnlyList<V1.Incident> Incidents, TimedId? Next)> PageAsync(V1.IncidentState state, TimedId? after, int size)
    {
        // One more tells whether there is another page.
        var found = await TimedId.ReadAsync(area.Bulk, state == V1.IncidentState.Open ? area.Keys.OpenIncidents : area.Keys.ClosedIncidents, after, size + 1);
        var page = await ReadAsync(found.Take(size).Select(e => e.Id));
        return ([.. page.Where(i => i.State == state)], found.Count > size ? found[size - 1] : null);
    }

    private async Task<IEnumerable<V1.Incident>> ReadAsync(IEnumerable<string> ids)
    {
        RedisKey[] read = [.. ids.Select(area.Keys.Incident)];
        return read.Zip(await area.Bulk.StringGetAsync(read), (key, stored) => area.Unreadable.Read(RecordKind.Incident, key, "", stored, Read)).OfType<V1.Incident>();
    }

    private static V1.Incident? Read(RedisValue stored)
    {
        if (stored.IsNullOrEmpty)
        {
            return null;
        }

        var (version, record) = NumberedRecord.Read((byte[])stored!);
        var incident = V1.Incident.Parser.ParseFrom(record.Span);
        incident.Version = version;
        return incident;
    }
}
