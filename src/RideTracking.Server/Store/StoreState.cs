namespace RideTracking.Server.Store;

/// <summary>How the store does, as last seen.</summary>
/// <param name="Failure">How it failed; null when it takes what is written.</param>
/// <param name="Trouble">What was found of it that no server would start on; null for nothing.</param>
public readonly record struct StoreState(StoreFailure? Failure, string? Trouble = null)
{
    /// <summary>For people, logs and <c>/readyz</c>.</summary>
    public override string ToString() => Trouble is null ? Words : $"{Words}. {Trouble}";

    private string Words => Failure switch
    {
        null => "connected",
        { Kind: StoreFailureKind.Away } => "away: live tracking works; acknowledgements and trips wait",
        { Kind: StoreFailureKind.Refusing, Reason: var reason } => $"refusing ({reason}): live tracking works; acknowledgements and trips wait",
        _ => "failing: it does not take what this server writes",
    };
}
