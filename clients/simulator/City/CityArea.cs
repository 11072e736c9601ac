namespace RideTracking.Simulator.City;

/// <summary>Where the city's people are: around a middle. What streets there are is the server's business.</summary>
/// <param name="Center">The middle.</param>
/// <param name="RadiusMeters">How far they go from it.</param>
internal sealed record CityArea(Place Center, double RadiusMeters)
{
    /// <summary>Anywhere in the city, as likely here as there.</summary>
    public Place RandomPlace(Random random) => Center.Ahead(360 * random.NextDouble(), RadiusMeters * Math.Sqrt(random.NextDouble()));

    /// <summary>In the city, half a kilometre to three from another place as far as the city's size allows.</summary>
    public Place RandomPlaceNear(Place place, Random random)
    {
        for (var attempt = 0; ; attempt++)
        {
            var near = place.Ahead(360 * random.NextDouble(), 500 + 2_500 * random.NextDouble());
            if (Center.MetersTo(near) <= RadiusMeters)
                return near;
            if (attempt == 20)
                return RandomPlace(random);
        }
    }
}
