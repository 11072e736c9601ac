namespace RideTracking.Faults.Links;

/// <summary>What a link does with what goes through it.</summary>
/// <param name="Kind">How it fails.</param>
/// <param name="Delay">What each piece waits, each way.</param>
/// <param name="BytesPerSecond">What goes through at most; 0 for all.</param>
internal sealed record LinkState(LinkKind Kind, TimeSpan Delay, int BytesPerSecond)
{
    /// <summary>Everything goes through at once.</summary>
    public static LinkState Whole { get; } = new(LinkKind.Whole, TimeSpan.Zero, 0);

    /// <summary>Connections are broken, and new ones too.</summary>
    public static LinkState Broken { get; } = new(LinkKind.Broken, TimeSpan.Zero, 0);

    /// <summary>Takes connections and says nothing; what was sent arrives when it is over.</summary>
    public static LinkState Hole { get; } = new(LinkKind.Hole, TimeSpan.Zero, 0);

    /// <summary>What is asked arrives, what is answered does not.</summary>
    public static LinkState Mute { get; } = new(LinkKind.Mute, TimeSpan.Zero, 0);
}

/// <summary>How a link fails.</summary>
internal enum LinkKind
{
    /// <summary>Not, but for delay and throttle.</summary>
    Whole,

    /// <summary>Connections end at once.</summary>
    Broken,

    /// <summary>Nothing comes through, and nobody is told.</summary>
    Hole,

    /// <summary>Nothing comes back, and nobody is told.</summary>
    Mute,
}
