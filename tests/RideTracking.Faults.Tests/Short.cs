namespace RideTracking.Faults.Tests;

/// <summary>What short runs have in common.</summary>
internal static class Short
{
    public static RigOptions Run(ITestOutputHelper output) => new() { LongestFault = TimeSpan.FromSeconds(5), Say = output.WriteLine };
}
