namespace RideTracking.LoadTests.Scenarios;

/// <summary>Something that users do all day. What runs it many times at once, and measures, is not its business.</summary>
public interface ILoadScenario
{
    /// <summary>Stable name for reports.</summary>
    string Name { get; }

    /// <summary>Makes the world that the scenario needs on the server.</summary>
    Task InitAsync(CancellationToken cancellationToken);

    /// <summary>Does it once. May be called as many times at once as there are users; more wait for one to be free.</summary>
    /// <exception cref="InvalidOperationException">The server did something else than it should.</exception>
    Task RunOnceAsync(CancellationToken cancellationToken);

    /// <summary>Ends what <see cref="InitAsync"/> began. Also after a failed one.</summary>
    Task CleanAsync();
}
