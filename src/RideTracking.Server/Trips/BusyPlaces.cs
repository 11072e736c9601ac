using System.Collections.Concurrent;
using Microsoft.Extensions.Options;
using RideTracking.Engine.Geo;

namespace RideTracking.Server.Trips;

/// <summary>Where somebody asked for a ride or for cars lately. Thread-safe.</summary>
public sealed class BusyPlaces(IOptions<BusyPlacesOptions> options, TimeProvider time)
{
    private const double CellMeters = 1_000;

    // Of a country's towns; whoever asks all over the earth fills no more than this.
    private const int MaxCells = 100_000;

    private readonly SquareCells _cells = new(CellMeters);
    private readonly ConcurrentDictionary<SquareCell, long> _until = new();
    /// <summary>Somebody asked for a ride from here, or for the cars around it.</summary>
    public void Ask(GeoPoint place)
    {
        var until = (time.GetUtcNow() + options.Value.BusyFor).ToUnixTimeMilliseconds();
        Mark(place, until);
        for (var bearing = 0; bearing < 360; bearing += 45)
        {
            Mark(Earth.Destination(place, bearing, CellMeters), until);
        }
    }

    /// <summary>Whether somebody did so near here lately.</summary>
    public bool IsBusy(GeoPoint place) =>
        !_until.IsEmpty && _until.TryGetValue(_cells.Of(place), out var until) && until > time.GetUtcNow().ToUnixTimeMilliseconds();

    /// <summary>Forgets places that are not busy any more.</summary>
    public void Sweep()
    {
        var now = time.GetUtcNow().ToUnixTimeMilliseconds();
        foreach (var place in _until)
        {
            if (place.Value <= now)
            {
                _until.TryRemove(place);
            }
        }
    }

    private void Mark(GeoPoint place, long until)
    {
        var cell = _cells.Of(place);
        if (_until.ContainsKey(cell) || _until.Count < MaxCells)
        {
            _until[cell] = until;
        }
    }
}
