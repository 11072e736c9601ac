using Microsoft.Extensions.Options;
using RideTracking.Server.Tests.Fixtures;

namespace RideTracking.Server.Tests.Dispatch;

public sealed class TripOptionsTests
{
    [Theory]
    [InlineData("OfferWindow", "00:00:00")]
    [InlineData("SearchTimeout", "00:00:05")]
    [InlineData("MaxDuration", "00:00:30")]
    [InlineData("Retention", "12:00:00")]
    [InlineData("MaxFixAge", "02:00:00")]
    [InlineData("TickInterval", "00:00:00.001")]
    [InlineData("SearchRadiusMeters", "NaN")]
    [InlineData("CitySpeedMetersPerSecond", "0")]
    [InlineData("MaxWaitingCommands", "1")]
    public async Task A_setting_out_of_range_stops_the_start_and_says_the_range(string setting, string value)
    {
        var refused = await Assert.ThrowsAsync<OptionsValidationException>(() => ServerHost.StartAsync(args: [$"--Trips:{setting}", value]));

        Assert.StartsWith($"Trips:{setting} is ", Assert.Single(refused.Failures));
        Assert.Contains("Set it between", refused.Message);
    }
}
