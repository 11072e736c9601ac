using Microsoft.Extensions.DependencyInjection;
using RideTracking.Engine.Index;
using RideTracking.Engine.Ingest;
using RideTracking.Server.Log;

namespace RideTracking.Simulation.Nodes;

/// <summary>Where drivers are, and whether they are connected, as a node shows it.</summary>
internal sealed class NodePlaces(IServiceProvider services)
{
    private readonly DriverIndex _index = services.GetRequiredService<DriverIndex>();
    private readonly DriverSlots _slots = services.GetRequiredService<DriverSlots>();
    private readonly Carriers _carriers = services.GetRequiredService<Carriers>();
    private readonly DriverLinks _links = services.GetRequiredService<DriverLinks>();

    /// <summary>A fix of a driver of this node.</summary>
    /// <returns>Whether that is the present.</returns>
    public bool Place(string driverId, in Fix fix)
    {
        var isNewer = Show(driverId, fix);
        SetLink(driverId, DriverLink.Connected);
        return isNewer;
    }

    /// <summary>Where a driver of some node is.</summary>
    /// <returns>Whether that is newer than what was known.</returns>
    public bool Show(string driverId, in Fix fix)
    {
        var slot = _slots.GetOrAdd(driverId);
        if (_index.TryGet(slot, out var present) && present.Fix.FixedAtUnixMs > fix.FixedAtUnixMs)
        {
            return false;
        }

        _index.Update(slot, fix, out _);
        return true;
    }

    /// <summary>A driver's stream to this node or another one has come or gone.</summary>
    public void LinkChanged(string driverId) =>
        SetLink(driverId, _carriers.Of(driverId) is { IsLost: false } || _links.IsConnected(driverId) ? DriverLink.Connected : DriverLink.Lost);

    private void SetLink(string driverId, DriverLink link) => _index.SetLink(_slots.GetOrAdd(driverId), link);
}
