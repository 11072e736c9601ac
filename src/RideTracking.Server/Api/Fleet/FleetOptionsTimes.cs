using Microsoft.Extensions.Options;

namespace RideTracking.Server.Api.Fleet;

/// <summary>What attributes cannot say of <see cref="FleetOptions"/>.</summary>
internal sealed class FleetOptionsTimes : IValidateOptions<FleetOptions>
{
    /// <summary>Longest interval of any kind: a page calls a stream dead that is silent for long.</summary>
    internal static readonly TimeSpan LongestInterval = TimeSpan.FromSeconds(60);

    public ValidateOptionsResult Validate(string? name, FleetOptions options)
    {
        List<string> failures = [];
        if (options.ShortestFrameInterval < TimeSpan.FromMilliseconds(10) || options.ShortestFrameInterval > TimeSpan.FromSeconds(10))
        {
            failures.Add("Fleet:ShortestFrameInterval must be 00:00:00.010 to 00:00:10.");
        }

        if (options.DefaultFrameInterval < options.ShortestFrameInterval || options.DefaultFrameInterval > LongestInterval)
        {
            failures.Add("Fleet:DefaultFrameInterval must be Fleet:ShortestFrameInterval to 00:01:00.");
        }

        if (options.CountsInterval < TimeSpan.FromMilliseconds(100) || options.CountsInterval > LongestInterval)
        {
            failures.Add("Fleet:CountsInterval must be 00:00:00.100 to 00:01:00.");
        }

        return failures.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(failures);
    }
}
