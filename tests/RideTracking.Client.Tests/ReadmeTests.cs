using System.Text.RegularExpressions;
using RideTracking.Server.Tests.Fixtures;

namespace RideTracking.Client.Tests;

public sealed partial class ReadmeTests
{
    [Fact]
    public async Task The_code_in_the_README_is_the_code_that_compiles_here()
    {
        var readme = await File.ReadAllTextAsync(Repository.PathOf("clients/dotnet/README.md"), TestContext.Current.CancellationToken);
        var compiled = Flat(await File.ReadAllTextAsync(Repository.PathOf("tests/RideTracking.Client.Tests/ReadmeSamples.cs"), TestContext.Current.CancellationToken));

        var samples = Sample().Matches(readme).Select(m => Flat(m.Groups[1].Value)).ToList();

        Assert.Equal(4, samples.Count);
        Assert.All(samples, sample => Assert.Contains(sample, compiled));
    }

    // Wherever a line begins.
    private static string Flat(string code) => string.Join('\n', code.Split('\n').Select(line => line.Trim()));

    [GeneratedRegex("```csharp\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex Sample();
}
