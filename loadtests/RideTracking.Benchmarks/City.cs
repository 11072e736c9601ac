using RideTracking.Engine.Geo;
using RideTracking.Engine.Index;

namespace RideTracking.Benchmarks;

/// <summary>How the drivers of a benchmark are spread.</summary>
public enum CityLayout
{
    /// <summary>Everywhere alike.</summary>
    Uniform,

    /// <summary>Eight in ten within a kilometre or so of one of twenty busy places.</summary>
    Clustered,
}

/// <summary>A made-up city of 40 km by 40 km, the same for the same seed.</summary>
internal sealed class City
{
    private const double SizeMeters = 40_000;
    private const double ClusterSpreadMeters = 1_000;
    private static readonly GeoPoint SouthWest = new(41.0, -8.8);
    private readonly CityLayout _layout;
    private readonly Random _random;
    private readonly GeoPoint[] _busyPlaces;

    public City(CityLayout layout, Random random)
    {
        _layout = layout;
        _random = random;
        _busyPlaces = [.. Enumerable.Range(0, 20).Select(_ => Anywhere())];
    }

    /// <summary>Where a driver or a rider might be.</summary>
    public GeoPoint Place()
    {
        if (_layout == CityLayout.Uniform || _random.Next(10) < 2)
        {
            return Anywhere();
        }

        // Distances of a two-dimensional normal distribution.
        double distance = ClusterSpreadMeters * Math.Sqrt(-2 * Math.Log(1 - _random.NextDouble()));
        return Earth.Destination(_busyPlaces[_random.Next(_busyPlaces.Length)], _random.NextDouble() * 360, distance);
    }

    /// <summary>A place and another 15 m ahead.</summary>
    public (GeoPoint Place, GeoPoint Ahead) Step()
    {
        GeoPoint place = Place();
        return (place, Earth.Destination(place, _random.NextDouble() * 360, 15));
    }

    /// <summary>Six in ten drivers can be offered a trip.</summary>
    public DriverStatus Status() => new(
        DriverAvailability.Available,
        _random.Next(10) < 6 ? DriverWork.Idle : DriverWork.OnTrip,
        DriverLink.Connected);

    /// <summary>Three types of car, most of them with four seats, seven in ten with the first of eight attributes.</summary>
    public VehicleTraits Vehicle() => new(
        (ushort)(_random.Next(10) switch { < 6 => 1, < 9 => 2, _ => 3 }),
        (byte)(_random.Next(5) == 0 ? 6 : 4),
        (_random.Next(10) < 7 ? 1UL : 0) | (1UL << _random.Next(1, 8)));

    private GeoPoint Anywhere() => Earth.Destination(
        Earth.Destination(SouthWest, 0, _random.NextDouble() * SizeMeters), 90, _random.NextDouble() * SizeMeters);
}
