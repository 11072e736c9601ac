namespace RideTracking.Benchmarks.Kills.Loads;

/// <summary>A process with an embedded store in it.</summary>
/// <param name="Endpoint">Where the store listens.</param>
/// <param name="Compact">Has what it holds copied into a new file, if it can be told to.</param>
/// <param name="KillAsync">SIGKILL, and waits until it is gone.</param>
internal sealed record StoreProcess(string Endpoint, Action Compact, Func<Task> KillAsync);
