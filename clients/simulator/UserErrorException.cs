namespace RideTracking.Simulator;

/// <summary>Something that whoever started the program can mend; the message says how.</summary>
public sealed class UserErrorException(string message) : Exception(message);
