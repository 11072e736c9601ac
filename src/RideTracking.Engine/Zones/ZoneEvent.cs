using RideTracking.Engine.Geo;

namespace RideTracking.Engine.Zones;

/// <summary>What a driver did. The numbers are those of the contract.</summary>
public enum ZoneEventKind : byte
{
    /// <summary>Not told; no event has it.</summary>
    Unspecified = 0,

    /// <summary>Is inside from now on.</summary>
    Enter = 1,

    /// <summary>Is not inside, or not known to be, from now on.</summary>
    Exit = 2,

    /// <summary>Has been inside for the zone's dwell time. Once a visit.</summary>
    Dwell = 3,
}

/// <summary>Why. The numbers are those of the contract.</summary>
public enum ZoneEventCause : byte
{
    /// <summary>Not told: of a dwell event.</summary>
    Unspecified = 0,

    /// <summary>Enter: the driver came in.</summary>
    Moved = 1,

    /// <summary>Exit: the driver went out.</summary>
    Left = 2,

    /// <summary>Exit: nothing was heard for too long.</summary>
    WentStale = 3,

    /// <summary>Exit: the driver went offline by choice.</summary>
    SignedOff = 4,

    /// <summary>Enter or exit: the zone was made or changed around a driver who stayed.</summary>
    ZoneChanged = 5,

    /// <summary>Exit: the zone is no more.</summary>
    ZoneDeleted = 6,
}

/// <summary>
/// A driver entered, left or dwelt in a zone. Never taken back: a later one may correct it. Of one zone and driver,
/// events that are not late come in the order of their times.
/// </summary>
public readonly record struct ZoneEvent
{
    /// <summary>
    /// The same for the same driver, session, sequence, zone, version and kind, on every node and after a restart, so
    /// that a repeat is known as one.
    /// </summary>
    public required Guid Id { get; init; }

    /// <summary>Counts the driver's events from 1; orders those of one driver, however they travelled.</summary>
    public required long Ordinal { get; init; }

    /// <summary>The driver's slot.</summary>
    public required int Slot { get; init; }

    /// <summary>The zone's id.</summary>
    public required string ZoneId { get; init; }

    /// <summary>The version of the zone that the driver was judged by.</summary>
    public required long ZoneVersion { get; init; }

    /// <summary>What the zone is for.</summary>
    public required ZoneKind ZoneKind { get; init; }

    /// <summary>What happened.</summary>
    public required ZoneEventKind Kind { get; init; }

    /// <summary>Why.</summary>
    public required ZoneEventCause Cause { get; init; }

    /// <summary>When it happened, by the server's clock, milliseconds since 1970: the first fix that told, not the one that made sure; between two fixes, when the border was crossed.</summary>
    public required long HappenedAtUnixMs { get; init; }

    /// <summary>Where the driver was then, as far as known.</summary>
    public required GeoPoint Place { get; init; }

    /// <summary>The session of the fix that told.</summary>
    public required string SessionId { get; init; }

    /// <summary>The sequence of the fix that told.</summary>
    public required ulong Sequence { get; init; }

    /// <summary>It was learnt from a late fix, after events of later times.</summary>
    public bool Late { get; init; }

    /// <summary>The event whose time was wrong and that this one stands for now; null when it adds to what was told.</summary>
    public Guid? Corrects { get; init; }
}
