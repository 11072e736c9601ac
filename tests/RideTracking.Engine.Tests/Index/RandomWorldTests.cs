using System.Globalization;
using CsCheck;

namespace RideTracking.Engine.Tests.Index;

/// <summary>
/// The index against brute force in random worlds. For a long run set RIDETRACKING_WORLDS to how many worlds; what was
/// compared is printed with the test's output.
/// </summary>
public class RandomWorldTests
{
    private const int QueriesEach = 8;

    [Fact]
    public void Every_search_finds_what_brute_force_finds()
    {
        int worlds = int.TryParse(Environment.GetEnvironmentVariable("RIDETRACKING_WORLDS"), CultureInfo.InvariantCulture, out int asked) ? asked : 120;
        int first = (int)Gen.UInt.Single();
        int queries = 0;
        var mismatches = new List<string>();
        for (int world = 0; world < worlds; world++)
        {
            int seed = unchecked(first + world);
            (int count, List<string> wrong) = new RandomWorld(seed).Check(QueriesEach);
            queries += count;
            mismatches.AddRange(wrong.Select(text => $"seed {seed}: {text}"));
        }

        string summary = $"{worlds} worlds from seed {first}, {queries} queries, {mismatches.Count} mismatches";
        TestContext.Current.TestOutputHelper?.WriteLine(summary);
        Assert.True(mismatches.Count == 0, $"{summary}\n{string.Join('\n', mismatches.Take(20))}");
    }
}
