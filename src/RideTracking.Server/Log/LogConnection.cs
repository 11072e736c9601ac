namespace RideTracking.Server.Log;

/// <summary>Whose fixes they are that a segment of the log names by a small number.</summary>
/// <param name="DriverId">The driver.</param>
/// <param name="SessionId">The buffer of the app; with the driver and the sequence it identifies a fix.</param>
/// <param name="Epoch">The claim under which they came.</param>
/// <param name="Resendable">How many of its last fixes the app may send again.</param>
public readonly record struct LogConnection(string DriverId, string SessionId, long Epoch, int Resendable);
