namespace RideTracking.Server.Log;

/// <summary>Who may write for a driver, as scripts compare it.</summary>
/// <param name="Epoch">Rises with each claim of the driver.</param>
/// <param name="Writer">The node's run that holds it: an epoch goes with its writer, since a store that forgot gives epochs again.</param>
public sealed record DriverClaim(long Epoch, string Writer)
{
    /// <summary>What is said when there is none.</summary>
    public const string None = "-";

    /// <summary>Whether another one has come since this one; not so of one that only the store has forgotten.</summary>
    /// <param name="now">The claim that holds the driver now; null for none.</param>
    public bool IsPassedBy(DriverClaim? now) => now is not null && now != this && now.Epoch >= Epoch;

    /// <summary>Reads what scripts say.</summary>
    public static DriverClaim? Parse(string text) =>
        text.Split(' ') is [var epoch, var writer, ..] ? new DriverClaim(long.Parse(epoch, System.Globalization.CultureInfo.InvariantCulture), writer) : null;

    /// <inheritdoc/>
    public override string ToString() => $"{Epoch} {Writer}";
}
