using RideTracking.Server.Hosting;

namespace RideTracking.Server.Api.Fleet;

/// <summary>The page of the map. Section <c>Fleet</c>.</summary>
public sealed class DashboardOptions
{
    /// <summary>Folder of the built page (clients/dashboard/dist), absolute or from the working directory.</summary>
    [OfThisNode]
    public string? DashboardFolder { get; set; }
}
