using System.Globalization;
using RideTracking.Server.Areas;
using StackExchange.Redis;

namespace RideTracking.Simulation.Store;

/// <summary>
/// Makes scripts ask the simulation what time it is, and which server answers, instead of the real store: so that a seed has the same
/// history each time. The answers come as the last arguments.
/// </summary>
internal static class StoreTimeInScripts
{
    private const string Before =
        """
        local simulated_run, simulated_time = ARGV[#ARGV], ARGV[#ARGV - 1]
        ARGV[#ARGV], ARGV[#ARGV - 1] = nil, nil
        local function simulated_clock()
          return {string.sub(simulated_time, 1, -7), string.sub(simulated_time, -6)}
        end
        local function simulated_write(command, key, ...)
          if command == 'PEXPIRE' and string.find(key, ':log:segment:', 1, true) then
            local due = math.floor(tonumber(simulated_time) / 1000) + tonumber((...))
            redis.call('HSET', string.match(key, '^(.*:log:)segment:') .. 'simulated-expiries', key, string.format('%d', due))
            return redis.call(command, key, '86400000')
          end
          return redis.call(command, key, ...)
        end

        """;

    /// <summary>Where it is kept when segments of the log expire: in the city's time, which goes faster than the real store's.</summary>
    public static RedisKey ExpiriesOf(StoreKeys keys) => keys.Log.ToString() + ":simulated-expiries";

    /// <summary>The script as the simulation runs it.</summary>
    public static string Change(string text)
    {
        var changed = text
            .Replace("local again, write = false, redis.call", "local again, write = false, simulated_write", StringComparison.Ordinal)
            .Replace("redis.call('TIME')", "simulated_clock()", StringComparison.Ordinal)
            .Replace("redis.pcall('INFO', 'replication')", "'role:master'", StringComparison.Ordinal)
            .Replace("redis.pcall('INFO', 'server')", "'run_id:' .. simulated_run", StringComparison.Ordinal)
            // The embedded store's prologue, which is told the time; what it writes is still written at the real one.
            .Replace("return tonumber(now)", "return math.floor(tonumber(simulated_time) / 1000)", StringComparison.Ordinal);
        if (changed.Contains("'TIME'", StringComparison.Ordinal) || changed.Contains("'INFO'", StringComparison.Ordinal))
        {
            throw new InvalidOperationException("A script asks for the time in a way that the simulation does not know.");
        }

        return Before + changed;
    }

    /// <summary>The arguments with the answers behind them.</summary>
    public static RedisValue[] Answer(RedisValue[] arguments, DateTimeOffset time, int run) =>
        [.. arguments, (time.ToUnixTimeMilliseconds() * 1000 + time.Microsecond).ToString(CultureInfo.InvariantCulture), $"server{run}"];
}
