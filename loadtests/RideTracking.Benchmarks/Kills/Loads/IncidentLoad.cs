using RideTracking.Server.Store;
using StackExchange.Redis;

namespace RideTracking.Benchmarks.Kills.Loads;

/// <summary>Incidents that are raised and closed.</summary>
internal sealed class IncidentLoad(string area, int seed) : StoreLoad(area, seed)
{
    private const long Day = 86_400_000;

    private readonly Dictionary<string, long> _versions = [];

    protected override (StoreCall Call, Action<RedisResult> Heard) Next()
    {
        var incident = $"i{Chance.Next(6)}";
        var version = _versions.GetValueOrDefault(incident);
        var isAnswered = Chance.Next(2) == 0;
        return (
            Script(
                StoreScript.IncidentCommit,
                [
                    Keys.Incident(incident), Keys.OpenIncidents, Keys.ClosedIncidents, Keys.IncidentEvents, Keys.IncidentEventsCursor, Keys.OpenIncidentsBy,
                    Keys.RequestAnswer("c", isAnswered ? $"{Calls.Count}" : ""), Keys.Connections,
                ],
                [
                    incident, version, Bytes(300), Now, version == 0 || Chance.Next(3) == 0 ? "" : Day, Now - 20_000, 30, $"r{Chance.Next(3)}", 5,
                    isAnswered ? Bytes(100) : "", Day, "", 0, Token(),
                ]),
            Heard);

        void Heard(RedisResult reply)
        {
            if (Kind(reply) is "ok" or "changed")
            {
                _versions[incident] = VersionOf(((RedisResult[])reply!)[1]);
            }
        }
    }
}
