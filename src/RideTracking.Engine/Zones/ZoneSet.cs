using System.Collections.Immutable;
using RideTracking.Engine.Geo;

namespace RideTracking.Engine.Zones;

/// <summary>
/// All zones at one moment, made to be asked "which zones is this place in" for every fix. Immutable, so any number of
/// threads may ask. A zone's number is its place in <see cref="Zones"/> of this set alone.
/// </summary>
public sealed class ZoneSet
{
    private readonly ZoneTree _tree;
    private readonly ZoneBorder[] _borders; // side by side, because most of what a lookup costs is waiting for memory
    private readonly Dictionary<string, int> _numbers;
    private readonly PickupPlaces _places;

    private ZoneSet(ImmutableArray<Zone> zones)
    {
        Zones = zones;
        _numbers = new Dictionary<string, int>(zones.Length, StringComparer.Ordinal);
        for (int zone = 0; zone < zones.Length; zone++)
        {
            if (!_numbers.TryAdd(zones[zone].Id, zone))
            {
                throw new ArgumentException($"Two zones have the id {zones[zone].Id}.", nameof(zones));
            }
        }

        var builder = new ZoneTreeBuilder(zones);
        _borders = [.. zones.Select(zone => zone.Geometry.Border)];
        _tree = new ZoneTree(builder, _borders);
        MaxZonesAtOnce = builder.LongestList;
        _places = new PickupPlaces(this);
    }

    /// <summary>The set without a zone.</summary>
    public static ZoneSet Empty { get; } = new([]);

    /// <summary>The zones in the order of their ids.</summary>
    public ImmutableArray<Zone> Zones { get; }

    /// <summary>No place is in more zones than this, so a span of this length always suffices.</summary>
    public int MaxZonesAtOnce { get; }

    internal int NodeCount => _tree.NodeCount;

    /// <summary>A set of zones with different ids.</summary>
    /// <exception cref="ArgumentException">Two have the same id.</exception>
    public static ZoneSet Of(IEnumerable<Zone> zones)
    {
        ArgumentNullException.ThrowIfNull(zones);
        return new([.. zones.OrderBy(zone => zone.Id, StringComparer.Ordinal)]);
    }

    /// <summary>The number of the zone with an id, or -1.</summary>
    public int NumberOf(string zoneId) => _numbers.GetValueOrDefault(zoneId, -1);

    /// <summary>The zone with an id, or null.</summary>
    public Zone? Find(string zoneId) => _numbers.TryGetValue(zoneId, out int number) ? Zones[number] : null;

    /// <summary>
    /// The zones that a place lies in or on the border of. Allocates nothing. An invalid place lies in none.
    /// </summary>
    /// <param name="point">Where.</param>
    /// <param name="zones">Filled with numbers, rising.</param>
    /// <returns>How many there are, also when fewer fit.</returns>
    public int Containing(GeoPoint point, Span<int> zones)
    {
        int count = 0;
        foreach (int entry in _tree.At(point))
        {
            int zone = entry >> 1;
            if ((entry & 1) == 0 || _borders[zone].Contains(point))
            {
                if (count < zones.Length)
                {
                    zones[count] = zone;
                }

                count++;
            }
        }

        return count;
    }

    /// <summary>The zones that a place lies in or on the border of, in the order of their ids.</summary>
    public ImmutableArray<Zone> Containing(GeoPoint point)
    {
        Span<int> numbers = MaxZonesAtOnce <= 64 ? stackalloc int[MaxZonesAtOnce] : new int[MaxZonesAtOnce];
        ImmutableArray<Zone>.Builder found = ImmutableArray.CreateBuilder<Zone>();
        foreach (int number in numbers[..Containing(point, numbers)])
        {
            found.Add(Zones[number]);
        }

        return found.DrainToImmutable();
    }

    /// <summary>Finds the zones whose border a straight line meets, the short way round the earth. Allocates nothing once the list is long enough.</summary>
    /// <param name="from">Must be valid.</param>
    /// <param name="to">Must be valid.</param>
    /// <param name="zones">Filled with their numbers, each once, in no order.</param>
    /// <returns>
    /// Whether the line is sure to keep away from all borders, as far as numbers are exact: then both its ends are in the same zones. Without a zone found it may still
    /// not be sure.
    /// </returns>
    public bool Cross(GeoPoint from, GeoPoint to, List<int> zones)
    {
        zones.Clear();
        return _tree.Cross(from, to, zones);
    }

    /// <summary>Which zones let a trip start or end at a place, and which refuse.</summary>
    public ZoneAdmission Admits(GeoPoint point) => _places.Admits(point);

    /// <summary>
    /// The nearest place to here where somebody may be picked up: a few metres clear of all no-pickup zones and, if
    /// there are service areas, inside of one. Here itself, when that is allowed. Costs up to some milliseconds.
    /// </summary>
    /// <param name="point">Must be valid.</param>
    /// <param name="withinMeters">How far to look, above 0 to 50,000 m.</param>
    /// <returns>Null when there is none within.</returns>
    public GeoPoint? NearestAllowed(GeoPoint point, double withinMeters = 5_000) => _places.NearestAllowed(point, withinMeters);
}
