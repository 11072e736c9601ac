namespace RideTracking.Engine.Roads;

/// <summary>A file of roads cannot be used: broken, cut short, of another kind or empty. The message says what is wrong and where.</summary>
public sealed class RoadFileException : Exception
{
    public RoadFileException(string message)
        : base(message)
    {
    }

    public RoadFileException(string message, Exception inner)
        : base(message, inner)
    {
    }

    /// <param name="offset">Byte of the file at which the broken part starts.</param>
    /// <param name="message">What is wrong there.</param>
    internal static RoadFileException At(long offset, string message) => new($"At byte {offset} of the file: {message}");
}
