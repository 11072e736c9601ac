using RideTracking.Server.Protocol;

namespace RideTracking.Server.Store.Events;

/// <summary>Where a stream of events begins.</summary>
/// <param name="After">After this one; null for none.</param>
/// <param name="WithKept">Without one: with all that is kept, and not with what happens from now on.</param>
internal readonly record struct EventWatchBegin(EventPosition? After, bool WithKept)
{
    /// <summary>With what happens from now on.</summary>
    public static EventWatchBegin Now => default;

    /// <summary>What a caller asks for; what it cannot be is added to the check.</summary>
    /// <param name="check">Of the request.</param>
    /// <param name="afterCursor">The caller's cursor; null for none, empty for all that is kept.</param>
    public static EventWatchBegin Of(RequestCheck check, string? afterCursor)
    {
        EventPosition? after = string.IsNullOrEmpty(afterCursor) ? null : EventPosition.Parse(afterCursor);
        check.Require(string.IsNullOrEmpty(afterCursor) || after is not null, "after_cursor", "must be a cursor as these events came with, empty, or absent");
        return new EventWatchBegin(after, afterCursor is "");
    }
}
