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
        // Whichever node has a driver's stream looks into the outbox.
        return area.Hear<CommandOutbox>("told", (outbox, change) => outbox.Look(change.Text(0)));
    }
}
