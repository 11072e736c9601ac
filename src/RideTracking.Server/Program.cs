using RideTracking.Server;
using RideTracking.Server.Access;
using RideTracking.Server.Api;
using RideTracking.Server.Api.Fleet;
using RideTracking.Server.Directories;
using RideTracking.Server.Drivers;
using RideTracking.Server.Hosting;
using RideTracking.Server.Incidents;
using RideTracking.Server.Riders;
using RideTracking.Server.Roads;
using RideTracking.Server.Sharing;
using RideTracking.Server.Store;
using RideTracking.Server.Telemetry;
using RideTracking.Server.Trips;
using RideTracking.Server.Zones;

return await ServerCommands.RunAsync(args);

namespace RideTracking.Server
{
    /// <summary>The server as a whole: its table of contents.</summary>
    public static class RideTrackingServer
    {
        /// <summary>Builds the server from command line, environment and <c>appsettings.json</c>.</summary>
        /// <param name="args">Options such as <c>--redis host:port</c>; <c>--Section:Name value</c> sets any other.</param>
        /// <param name="configure">For tests: adds to services and configuration before the features do.</param>
        public static WebApplication Build(string[] args, Action<WebApplicationBuilder>? configure = null)
        {
            var builder = ServerCommands.CreateBuilder(args);
            configure?.Invoke(builder);
            AddFeatures(builder);
            var app = builder.Build().RequireValidOptions();
            app.MapGrpcServer();
            app.MapAccess();
            app.MapDriverStreams();
            app.MapTelemetry();
            app.MapHealth();
            app.MapDirectory();
            app.MapDispatch();
            app.MapRiders();
            app.MapRoadTiles();
            app.MapFleet();
            return app;
        }

        /// <summary>Adds every feature, in the order in which they start.</summary>
        internal static void AddFeatures(WebApplicationBuilder builder)
        {
            builder.AddClock();
            builder.AddListening();
            builder.AddStore();
            builder.AddAccess();
            builder.AddGrpcServer();
            builder.AddZones();
            builder.AddDriverStreams();
            builder.AddTelemetry();
            builder.AddHealth();
            builder.AddDirectory();
            builder.AddDispatch();
            builder.AddSharing();
            builder.AddIncidents();
            builder.AddRiders();
            builder.AddRoads();
            builder.AddFleet();
        }
    }
}
