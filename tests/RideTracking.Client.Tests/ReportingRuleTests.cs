using Google.Protobuf.WellKnownTypes;
using RideTracking.V1;

namespace RideTracking.Client.Tests;

public sealed class ReportingRuleTests
{
    private static readonly ReportingPolicy _policy = new()
    {
        MovingInterval = Duration.FromTimeSpan(TimeSpan.FromSeconds(10)),
        MaxSilence = Duration.FromTimeSpan(TimeSpan.FromSeconds(60)),
        MinDistanceMeters = 30,
    };

    [Theory]
    [InlineData(9.9, 500, false)]
    [InlineData(10, 30, true)]
    [InlineData(10, 29, false)]
    [InlineData(47.9, 0, false)]
    // Early enough to be there before the silence is over.
    [InlineData(48, 0, true)]
    public void A_position_is_due_by_time_and_distance(double seconds, double meters, bool isDue) =>
        Assert.Equal(isDue, ReportingRule.IsDue(_policy, TimeSpan.FromSeconds(seconds), meters));

    [Fact]
    public void Noise_at_rest_is_no_movement_even_where_every_metre_counts() =>
        Assert.False(ReportingRule.IsDue(new ReportingPolicy { MovingInterval = Duration.FromTimeSpan(TimeSpan.FromSeconds(1)) }, TimeSpan.FromSeconds(5), 0.4));

    [Fact]
    public void Before_the_server_told_anything_it_is_the_usual() =>
        Assert.True(ReportingRule.IsDue(new ReportingPolicy(), TimeSpan.FromSeconds(4), 20));
}
