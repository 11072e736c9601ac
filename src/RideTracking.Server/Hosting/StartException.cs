namespace RideTracking.Server.Hosting;

/// <summary>The server cannot start, for a reason that whoever starts it can mend. The message says which, and how; it is all that is told.</summary>
public class StartException : Exception
{
    public StartException(string message)
        : base(message)
    {
    }

    public StartException(string message, Exception inner)
        : base(message, inner)
    {
    }
}
