using RideTracking.Server.Store.Feeds;

namespace RideTracking.Server.Store;

/// <summary>For tests: mistakes that a test program plants before it builds a server, to show that they are found.</summary>
internal static class PlantedMistakes
{
    /// <summary>The text of a script, given its file's name and the text as it is written.</summary>
    public static Func<string, string, string> Script { get; set; } = (_, text) => text;

    /// <summary>The way to the areas' dispatch feed.</summary>
    public static Func<IFeedSource, IFeedSource> DispatchFeed { get; set; } = source => source;

    /// <summary>Whether a claim waits until its node has read the log as far as it went then.</summary>
    public static bool ClaimsWaitForLog { get; set; } = true;
}
