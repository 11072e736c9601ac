using RideTracking.Server.Areas;

namespace RideTracking.Server.Outbox;

/// <summary>Wires the outbox.</summary>
public static class OutboxSetup
{
    /// <summary>Adds the commands kept for drivers.</summary>
    public static AreaBuilder AddOutbox(this AreaBuilder area)
    {
        area.Services.AddSingleton<CommandMetrics>();
        area.Services.AddSingleton<CommandOutbox>();
        return area;
    }
}
