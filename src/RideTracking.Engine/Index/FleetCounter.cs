namespace RideTracking.Engine.Index;

/// <summary>Counts drivers by state as they change, so that asking costs nothing. Thread-safe.</summary>
internal sealed class FleetCounter
{
    private int _connected;
    private int _availableIdle;
    private int _offered;
    private int _toPickup;
    private int _onTrip;
    private int _tracked;

    /// <summary>Each number is exact; together they may belong to slightly different moments.</summary>
    public FleetCounts Read() => new(_connected, _availableIdle, _offered, _toPickup, _onTrip, _tracked);

    public void Apply(in DriverChange change)
    {
        if (change.Previous.HasFix != change.Current.HasFix)
        {
            Interlocked.Add(ref _tracked, change.Current.HasFix ? 1 : -1);
        }

        if (change.Previous.Status != change.Current.Status)
        {
            Add(change.Previous.Status, -1);
            Add(change.Current.Status, 1);
        }
    }

    private void Add(DriverStatus status, int drivers)
    {
        if (status.Link == DriverLink.Connected)
        {
            Interlocked.Add(ref _connected, drivers);
            if (status is { Availability: DriverAvailability.Available, Work: DriverWork.Idle })
            {
                Interlocked.Add(ref _availableIdle, drivers);
            }
        }

        switch (status.Work)
        {
            case DriverWork.Offered:
                Interlocked.Add(ref _offered, drivers);
                break;
            case DriverWork.ToPickup:
                Interlocked.Add(ref _toPickup, drivers);
                break;
            case DriverWork.OnTrip:
                Interlocked.Add(ref _onTrip, drivers);
                break;
        }
    }
}
