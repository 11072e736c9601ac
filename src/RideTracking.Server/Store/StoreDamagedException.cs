using RideTracking.Server.Hosting;

namespace RideTracking.Server.Store;

/// <summary>The embedded store's files have lost something that was written; the message says what, and what to do.</summary>
public sealed class StoreDamagedException(string message) : StartException(message);
