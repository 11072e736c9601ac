using RideTracking.Engine.Geo;

namespace RideTracking.Engine.Zones;

/// <summary>A named area that drivers enter and leave. Immutable: a change is a new zone with a higher version.</summary>
public sealed class Zone
{
    /// <summary>Longest id or name, in characters.</summary>
    public const int MaxTextLength = 128;

    /// <summary>A zone of checked parts.</summary>
    /// <param name="id">Unique in a set, compared ordinally; 1 to 128 characters.</param>
    /// <param name="name">For people; up to 128 characters.</param>
    /// <param name="kind">Any but <see cref="ZoneKind.Unspecified"/>.</param>
    /// <param name="version">From 1, rising with every change of this zone.</param>
    /// <param name="geometry">Where it is.</param>
    /// <param name="dwell">Time inside after which one dwell event is due, above 0; null for none.</param>
    /// <exception cref="ArgumentException">One of them is out of range.</exception>
    public Zone(string id, string name, ZoneKind kind, long version, ZoneGeometry geometry, TimeSpan? dwell = null)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(id);
        ArgumentNullException.ThrowIfNull(name);
        ArgumentNullException.ThrowIfNull(geometry);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(id.Length, MaxTextLength, nameof(id));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(name.Length, MaxTextLength, nameof(name));
        ArgumentOutOfRangeException.ThrowIfLessThan(version, 1);
        if (kind is ZoneKind.Unspecified or > ZoneKind.Queue)
        {
            throw new ArgumentOutOfRangeException(nameof(kind), kind, "Must be one of the kinds.");
        }

        if (dwell is { } time)
        {
            ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(time, TimeSpan.Zero, nameof(dwell));
        }

        (Id, Name, Kind, Version, Geometry, Dwell) = (id, name, kind, version, geometry, dwell);
    }

    /// <summary>Unique in a set, compared ordinally.</summary>
    public string Id { get; }

    /// <summary>For people.</summary>
    public string Name { get; }

    /// <summary>What it is for.</summary>
    public ZoneKind Kind { get; }

    /// <summary>From 1, rising with every change of this zone.</summary>
    public long Version { get; }

    /// <summary>Where it is.</summary>
    public ZoneGeometry Geometry { get; }

    /// <summary>Time inside after which one dwell event is due; null for none.</summary>
    public TimeSpan? Dwell { get; }

    /// <summary>Whether a place lies inside or on the border.</summary>
    public bool Contains(GeoPoint point) => Geometry.Contains(point);

    /// <inheritdoc/>
    public override string ToString() => $"{Id} ({Kind}, version {Version})";
}
