using Microsoft.Extensions.Options;
using RideTracking.Server.Hosting;

namespace RideTracking.Server.Api.Fleet;

/// <summary>What attributes cannot say of <see cref="FleetOptions"/>.</summary>
internal sealed class FleetOptionsTimes : IValidateOptions<FleetOptions>
{
    /// <summary>Longest interval of any kind: a page calls a stream dead that is silent for long.</summary>
    internal static readonly TimeSpan LongestInterval = TimeSpan.FromSeconds(60);

    public ValidateOptionsResult Validate(string? name, FleetOptions options)
    {
        var check = new OptionsCheck(FleetOptions.Section);
        check.Within("ShortestFrameInterval", options.ShortestFrameInterval, TimeSpan.FromMilliseconds(10), TimeSpan.FromSeconds(10));
        check.Within("DefaultFrameInterval", options.DefaultFrameInterval, options.ShortestFrameInterval, LongestInterval);
        check.Within("CountsInterval", options.CountsInterval, TimeSpan.FromMilliseconds(100), LongestInterval);
        return check.Result;
    }
}
