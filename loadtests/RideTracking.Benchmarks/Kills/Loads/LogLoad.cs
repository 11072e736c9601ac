using System.Globalization;
using RideTracking.Server.Store;
using StackExchange.Redis;

namespace RideTracking.Benchmarks.Kills.Loads;

/// <summary>Two writers that append to one log, and take the drivers from each other.</summary>
internal sealed class LogLoad(string area, int seed) : StoreLoad(area, seed)
{
    private const int Drivers = 6;
    private const long Day = 86_400_000;

    private readonly Dictionary<string, string> _holders = [];
    private readonly Dictionary<string, long> _batches = [];
    private readonly Dictionary<string, List<string>> _honoured = [];
    private long _segment = 1;
    private (string Number, string Token, long Segment) _last;
    private string _checkpoint = "";
    private int _checkpoints = 1;
    private int _parts;

    protected override (StoreCall Call, Action<RedisResult> Heard) Next() => Chance.Next(20) switch
    {
        0 when Chance.Next(2) == 0 => Forget(),
        0 => Lose(),
        1 => Chance.Next(3) == 0 ? Checkpoint() : AddPart(),
        < 6 => Claim(),
        _ => Append(),
    };

    private (StoreCall Call, Action<RedisResult> Heard) Claim()
    {
        var (driver, writer) = ($"d{Chance.Next(Drivers)}", $"w{Chance.Next(2)}");
        var holder = _holders.GetValueOrDefault(driver, "-");
        void Heard(RedisResult reply)
        {
            var told = (string)((RedisResult[])reply!)[1]!;
            _holders[driver] = Kind(reply) switch
            {
                "ok" => $"{told} {writer}",
                "held" => told,
                _ => holder,
            };
        }

        return (
            Script(
                StoreScript.ConnectionClaim,
                [Keys.Connections, Keys.LogFence(holder.Split(' ')[^1]), Keys.Outbox(driver), Keys.Log, Keys.Links(writer), Keys.Links(holder.Split(' ')[^1]), Keys.Nodes, Keys.NamedVehicles],
                [driver, writer, $"s{Chance.Next(12)}", holder, Day, Chance.Next(3) == 0 ? "-" : $"phone{Chance.Next(5)}", Chance.Next(10), Chance.Next(3), Chance.Next(5), Chance.Next(2), Now + 5_000, Chance.Next(2) == 0 ? "" : $"v{Chance.Next(5)}"]),
            Heard);
    }

    private (StoreCall Call, Action<RedisResult> Heard) Forget()
    {
        var driver = $"d{Chance.Next(Drivers)}";
        return (
            Script(
                StoreScript.DriverForget,
                [Keys.Plans, Keys.Outbox(driver), Keys.ZoneVisits, Keys.NamedVehicles, Keys.Log, Keys.LogForgotten],
                [driver, 0]),
            Ignore);
    }

    private (StoreCall Call, Action<RedisResult> Heard) Lose()
    {
        var writer = $"w{Chance.Next(2)}";
        return Chance.Next(4) == 0
            ? (Script(StoreScript.NodeEnded, [Keys.Nodes, Keys.Links(writer)], [writer, ""]), Ignore)
            : (Script(StoreScript.LinksLost, [Keys.Links(writer)], [writer, $"d{Chance.Next(Drivers)}", Chance.Next(1, 9)]), Ignore);
    }

    private (StoreCall Call, Action<RedisResult> Heard) AddPart() => (
        Script(StoreScript.LogCheckpointPart, [Keys.LogCheckpointParts($"c{_checkpoints}")], [Bytes(20_000), Day]),
        _ => _parts++);

    private (StoreCall Call, Action<RedisResult> Heard) Checkpoint()
    {
        var next = $"{_last.Number} {_last.Token} {_last.Segment} c{_checkpoints} {_parts}";
        return (
            Script(
                StoreScript.LogCheckpoint,
                [Keys.LogCheckpoint, Keys.LogCheckpointParts($"c{_checkpoints}"), Keys.LogCheckpointParts($"c{_checkpoints - 1}"), Keys.LogSegment(_last.Segment)],
                [_checkpoint, next, _last.Number, _last.Token, _parts, Day]),
            Heard);

        void Heard(RedisResult reply)
        {
            _checkpoint = (string)reply! == "ok" ? next : _checkpoint;
            (_checkpoints, _parts) = (_checkpoints + 1, 0);
        }
    }

    private (StoreCall Call, Action<RedisResult> Heard) Append()
    {
        var writer = $"w{Chance.Next(2)}";
        var segment = _segment;
        var batch = _batches[writer] = _batches.GetValueOrDefault(writer) + 1;
        if (!_honoured.TryGetValue(writer, out var honoured))
        {
            _honoured.Add(writer, honoured = []);
        }

        List<RedisValue> arguments = [batch, 0, Now, _segment, 20_000, Day, Bytes(20_000), $"{batch:x}{writer[1]}", 1, .. honoured.Select(h => (RedisValue)h)];

        return (
            Script(
                StoreScript.LogAppend,
                [Keys.Log, Keys.LogWriter(writer), Keys.LogFence(writer), Keys.LogSegment(_segment)],
                [.. arguments]),
            Heard);

        void Heard(RedisResult reply)
        {
            var told = (string[])reply!;
            switch (told[0])
            {
                case "fenced":
                    honoured.AddRange(told.Skip(1));
                    break;
                case "segment":
                    _segment = long.Parse(told[1], CultureInfo.InvariantCulture);
                    break;
                default:
                    _last = (told[1], $"{batch:x}{writer[1]}", segment);
                    honoured.Clear();
                    break;
            }
        }
    }
}
