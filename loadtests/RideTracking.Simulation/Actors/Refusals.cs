using Google.Rpc;

namespace RideTracking.Simulation.Actors;

/// <summary>What the reasons of refusals say to an app.</summary>
internal static class Refusals
{
    public const string TakenOver = "TAKEN_OVER";

    public const string Contended = "CONTENDED";

    /// <summary>The reason of a status; empty for OK and for a status without one.</summary>
    public static string ReasonOf(Status status) =>
        status.Details.FirstOrDefault(d => d.Is(ErrorInfo.Descriptor))?.Unpack<ErrorInfo>().Reason ?? "";
}
