using RideTracking.Faults.Plants;
using RideTracking.Faults.Schedule;

namespace RideTracking.Faults.Tests;

/// <summary>A rig that reports nothing must be one that would: some of the mistakes that can be planted, with the faults that bring them out.</summary>
public sealed class PlantTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData("an acknowledgement before the write", nameof(FaultKind.StoreLinkCut))]
    [InlineData("the outbox forgotten: one commit in four leaves its commands out", nameof(FaultKind.ClientLinkCut))]
    [InlineData("a segment gone before its checkpoint", nameof(FaultKind.StoreLinkCut))]
    public async Task A_mistake_is_reported(string name, params string[] faults)
    {
        var report = await FaultRun.RunAsync(Short.Run(output) with
        {
            Plant = Plant.All.IndexOf(Plant.All.Single(p => p.Name == name)) + 1,
            Nodes = 2,
            Drivers = 8,
            Riders = 4,
            Lasts = TimeSpan.FromSeconds(10),
            Settles = TimeSpan.FromSeconds(5),
            Only = [.. faults.Select(Enum.Parse<FaultKind>)],
        });

        output.WriteLine(report.ToString());
        Assert.True(report.IsPlantReported);
    }
}
