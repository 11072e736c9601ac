namespace RideTracking.Simulator.City;

/// <summary>Google's encoded polyline with five decimal digits, as routes carry it.</summary>
internal static class RoutePolyline
{
    /// <exception cref="FormatException">The text ends within a number or has a foreign character.</exception>
    public static List<Place> Decode(string encoded)
    {
        var places = new List<Place>(encoded.Length / 4);
        var (at, latitude, longitude) = (0, 0, 0);
        while (at < encoded.Length)
        {
            latitude += Next(encoded, ref at);
            longitude += Next(encoded, ref at);
            places.Add(new Place(latitude / 1e5, longitude / 1e5));
        }
        return places;
    }

    private static int Next(string encoded, ref int at)
    {
        var value = 0;
        for (var shift = 0; shift <= 30 && at < encoded.Length; shift += 5)
        {
            var group = encoded[at++] - 63;
            if (group is < 0 or > 63)
                break;
            value |= (group & 31) << shift;
            if (group < 32)
                return (int)((uint)value >> 1) ^ -(value & 1);
        }
        throw new FormatException($"The encoded polyline is broken before character {at}.");
    }
}
