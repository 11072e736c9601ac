using Microsoft.Extensions.Options;
using RideTracking.Server.Hosting;

namespace RideTracking.Server;

/// <summary>Tells failures of a start that its settings or its machine are to blame for from faults of the program.</summary>
internal static class StartFailure
{
    /// <summary>What to tell whoever started the program, or null for a fault, of which everything must be told.</summary>
    public static string? Explain(Exception failure) => failure switch
    {
        OptionsValidationException settings => string.Join(Environment.NewLine, settings.Failures),
        StartException => failure.Message,
        _ => Listening.Explain(failure),
    };
}
