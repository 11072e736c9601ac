using System.Reflection;
using RideTracking.Server.Areas;
using RideTracking.Server.Sharing;
using RideTracking.Server.Store;
using StackExchange.Redis;

namespace RideTracking.Server.Tests.Storage;

/// <summary>Ids and subjects may hold whatever separates the parts of a key: no two things ever share a key.</summary>
public sealed class StoreKeysTests
{
    private static readonly string[] Hostile =
    [
        "", ":", "::", "%", "%%", "%3A", "%25", "%253A", "{", "}", "{}", "{porto}", "}:trip:{", " ", "\n", "%0A", "k", "k:1", "1:go", "go", "k%3A1", "1%3Ago",
        ":go", "k:", "k\n1", "1\ngo", "by", "open", "writer", "segment", "events", "told", "events:cursor", "ü", "🚕",
    ];

    private static readonly StoreKeys Keys = new("porto");

    [Fact]
    public void No_two_lists_of_ids_share_a_key_and_all_keys_are_the_areas()
    {
        var made = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (key, maker) in AllKeys())
        {
            Assert.True(made.TryAdd(key, maker), $"{maker} and {made.GetValueOrDefault(key)} make {key}");
            Assert.Equal("porto", HashTag(key));
        }

        // Two lists of two parts are among them, and what takes a number.
        Assert.True(made.Count > 2 * Hostile.Length * Hostile.Length, $"{made.Count} keys");
    }

    [Fact]
    public void A_key_of_plain_ids_looks_as_it_always_did()
    {
        Assert.Equal("rt:{porto}:trip:porto.0190:x", Keys.Trip("porto.0190:x"));
        Assert.Equal("rt:{porto}:outbox:fleet:7", Keys.Outbox("fleet:7"));
        Assert.Equal("rt:{porto}:request:backend:q:1", Keys.RequestAnswer("backend", "q:1"));
        Assert.Equal("rt:{porto}:action:d-1:a.1", Keys.ActionAnswer("d-1", "a.1"));
        Assert.Equal("rt:{porto}:action:k%3A1:go", Keys.ActionAnswer("k:1", "go"));
    }

    [Fact]
    public void No_two_requests_make_the_same_link()
    {
        var links =
            from requestId in Hostile
            from tripId in Hostile
            from caller in Hostile
            select ShareToken.LinkIdOf(Keys, caller, requestId, tripId);
        Assert.Equal(Hostile.Length * Hostile.Length * Hostile.Length, links.Distinct().Count());
    }

    [Theory, InlineData(':'), InlineData('\n')]
    public void What_is_joined_is_told_apart_by_every_separator(char separator)
    {
        var joined = Hostile.SelectMany(a => Hostile.SelectMany(b => Hostile.Select(c => KeyParts.Join(separator, a, b, c)))).ToList();
        Assert.Equal(joined.Count, joined.Distinct(StringComparer.Ordinal).Count());
        Assert.Equal("as it is", KeyParts.Join(separator, "as it is"));
    }

    // Every key there is, and who makes it: a member with each list of arguments.
    private static IEnumerable<(string Key, string Maker)> AllKeys()
    {
        const BindingFlags Own = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.DeclaredOnly;
        foreach (var property in typeof(StoreKeys).GetProperties(Own).Where(p => IsKey(p.PropertyType)))
        {
            yield return (property.GetValue(Keys)!.ToString()!, property.Name);
        }

        foreach (var method in typeof(StoreKeys).GetMethods(Own).Where(m => IsKey(m.ReturnType) && !m.IsSpecialName))
        {
            IEnumerable<object[]> lists = [[]];
            foreach (var parameter in method.GetParameters())
            {
                lists = lists.SelectMany(list => Values(parameter).Select(value => (object[])[.. list, value])).ToList();
            }

            foreach (var list in lists)
            {
                yield return (method.Invoke(Keys, list)!.ToString()!, $"{method.Name}({string.Join(" | ", list)})");
            }
        }
    }

    private static bool IsKey(Type type) => type == typeof(RedisKey) || type == typeof(RedisChannel);

    private static object[] Values(ParameterInfo parameter) =>
        parameter.ParameterType == typeof(string) ? [.. Hostile]
        : parameter.ParameterType == typeof(long) ? [0L, 1L, 11L, -1L, long.MaxValue]
        : throw new InvalidOperationException($"No values for {parameter} of {parameter.Member}; add some.");

    // As Redis Cluster takes it: what stands between the first opening brace and the next closing one.
    private static string HashTag(string key)
    {
        var open = key.IndexOf('{', StringComparison.Ordinal);
        return key[(open + 1)..key.IndexOf('}', open)];
    }
}
