namespace RideTracking.Benchmarks.Kills.Loads;

/// <summary>A process with an embedded store in it.</summary>
/// <param name="Endpoint">Where the store listens.</param>
/// <param name="KillAsync">SIGKILL, and waits until it is gone.</param>
internal sealed record StoreProcess(string Endpoint, Func<Task> KillAsync);
