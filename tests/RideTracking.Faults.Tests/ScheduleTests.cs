using RideTracking.Faults.Schedule;

namespace RideTracking.Faults.Tests;

/// <summary>What is printed with a seed can be had again with it.</summary>
public sealed class ScheduleTests
{
    private static readonly FaultKind[] OfStore = [FaultKind.StoreKilled, FaultKind.StoreFrozen];

    [Fact]
    public void A_seed_says_the_same_schedule_each_time()
    {
        Assert.Equal(Schedule(7), Schedule(7));
        Assert.NotEqual(Schedule(7), Schedule(8));
    }

    [Fact]
    public void In_an_hour_each_fault_comes()
    {
        var kinds = Schedule(1).Select(f => f.Kind).ToHashSet();

        Assert.All(Enum.GetValues<FaultKind>().Where(k => k < FaultKind.StoreKilled).Concat(OfStore), kind => Assert.Contains(kind, kinds));
    }

    private static IReadOnlyList<PlannedFault> Schedule(int seed) =>
        FaultSchedule.Of(seed, TimeSpan.FromHours(1), TimeSpan.FromSeconds(40), nodes: 3, OfStore, hasStoreLinks: true, only: []);
}
