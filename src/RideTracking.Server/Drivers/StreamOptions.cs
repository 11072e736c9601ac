using System.ComponentModel.DataAnnotations;
using RideTracking.Server.Log;

namespace RideTracking.Server.Drivers;

/// <summary>How drivers' streams are run.</summary>
public sealed class StreamOptions
{
    /// <summary>Fixes after which an acknowledgement is sent: 1 to 10000. One for each fix costs as much as the way up.</summary>
    [Range(1, 10_000, ErrorMessage = "Streams:AckEveryFixes must be 1 to 10000.")]
    public int AckEveryFixes { get; set; } = 64;

    internal AckPace AckPace => new(AckEveryFixes, AckEveryVerdicts, AckInterval);

    /// <summary>Longest time that a logged fix stays unacknowledged.</summary>
    public TimeSpan AckInterval { get; set; } = TimeSpan.FromSeconds(20);

    /// <summary>Verdicts after which an acknowledgement is sent: 1 to 1000. Beyond four times as many the stream is not read until they are sent.</summary>
    [Range(1, 1000, ErrorMessage = "Streams:AckEveryVerdicts must be 1 to 1000.")]
    public int AckEveryVerdicts { get; set; } = 64;

    /// <summary>How long a stream may take to say Hello.</summary>
    public TimeSpan HelloTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How long opening a stream waits for the store; after it the stream works without a resume point until the store is back.</summary>
    public TimeSpan ClaimTimeout { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>How long an app that was told <c>StreamClosing</c> may take to close its side before the call is ended.</summary>
    public TimeSpan HangUpTimeout { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>How long a message down may wait for a reader before the stream is ended.</summary>
    public TimeSpan WriteTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Silence after which a stream is ended; several heartbeats. Longer in proportion while the app was told a longer heartbeat than the normal one.</summary>
    public TimeSpan SilenceTimeout { get; set; } = TimeSpan.FromSeconds(75);

    /// <summary>How long the last words of a stream may take when the server stops.</summary>
    public TimeSpan DrainTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>What an app is told to wait before it connects again after a drain.</summary>
    public TimeSpan ReconnectDelay { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>Streams that are opened at once on a node, each with a claim: 1 to 100000. Those beyond it are told to come again in some seconds.</summary>
    [Range(1, 100_000, ErrorMessage = "Streams:MaxOpening must be 1 to 100000.")]
    public int MaxOpening { get; set; } = 500;

    /// <summary>How often a driver may connect to a node in a minute, 1 to 10000: two phones that fight for one driver are held down by it.</summary>
    [Range(1, 10_000, ErrorMessage = "Streams:MaxConnectsPerMinute must be 1 to 10000.")]
    public int MaxConnectsPerMinute { get; set; } = 30;

    /// <summary>Actions of one driver that may wait for the store: 1 to 1000. Beyond it they are refused, and the app sends them again.</summary>
    [Range(1, 1000, ErrorMessage = "Streams:MaxWaitingActions must be 1 to 1000.")]
    public int MaxWaitingActions { get; set; } = 32;

    /// <summary>A position is stale after this many times the longest silence that the app was told: 2 to 100.</summary>
    [Range(2, 100, ErrorMessage = "Streams:StaleAfterSilences must be 2 to 100.")]
    public int StaleAfterSilences { get; set; } = 4;
}
