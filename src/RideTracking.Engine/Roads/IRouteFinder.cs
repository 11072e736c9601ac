using RideTracking.Engine.Geo;

namespace RideTracking.Engine.Roads;

/// <summary>Finds ways and driving times, as of now. Thread-safe.</summary>
public interface IRouteFinder
{
    /// <summary>The way from <paramref name="start"/> through <paramref name="stops"/>, in their order.</summary>
    /// <param name="start">Where the car is, or the first stop.</param>
    /// <param name="stops">At least one.</param>
    Route Through(RouteStart start, ReadOnlySpan<GeoPoint> stops);

    /// <summary>Driving times between many places.</summary>
    /// <param name="from">Where from.</param>
    /// <param name="to">Where to: stops.</param>
    /// <param name="seconds">
    /// For each of <paramref name="from"/> a row with the seconds to each of <paramref name="to"/>; infinity where there is no
    /// way. At least as many as both multiplied.
    /// </param>
    void Times(ReadOnlySpan<RouteStart> from, ReadOnlySpan<GeoPoint> to, Span<double> seconds);
}
