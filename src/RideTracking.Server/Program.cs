using RideTracking.Server;
using RideTracking.Server.Access;
using RideTracking.Server.Api;
using RideTracking.Server.Api.Fleet;
using RideTracking.Server.Api.Rest;
using RideTracking.Server.Areas;
using RideTracking.Server.Directories;
using RideTracking.Server.Drivers;
using RideTracking.Server.Hosting;
using RideTracking.Server.Incidents;
using RideTracking.Server.Log;
using RideTracking.Server.Matching;
using RideTracking.Server.Nearby;
using RideTracking.Server.Outbox;
using RideTracking.Server.Progress;
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
            var app = Prepare(args, configure).Build().RequireValidOptions(AreasSetup.CheckAreaSettings);
            app.UseListening().UseRest().MapGrpcServer().MapAccess().MapEndpoints().MapRest().MapFleet().MapRoadTiles().MapTelemetry().MapHealth();
            return app;
        }

        /// <summary>All that the server is made of, its settings known by name; nothing of it is made.</summary>
        /// <inheritdoc cref="Build"/>
        internal static WebApplicationBuilder Prepare(string[] args, Action<WebApplicationBuilder>? configure = null)
        {
            var builder = ServerCommands.CreateBuilder(args);
            configure?.Invoke(builder);
            AddFeatures(builder);
            return builder.RequireKnownSettings(args, ServerCommands.Switches);
        }

        /// <summary>Adds what the process shares, in the order in which it starts, and the rooms of which each area is made.</summary>
        internal static void AddFeatures(WebApplicationBuilder builder)
        {
            builder.AddClock().AddListening().AddStore().AddAccess().AddTelemetry().AddDirectory();
            builder.AddRest().AddGrpcServer().AddEndpoints().AddFleet().AddHealth();
            builder.AddAreas(AddRooms);
        }

        /// <summary>Adds an area's rooms, in the order in which its loops start: what others append to stops last.</summary>
        private static void AddRooms(AreaBuilder area)
        {
            area.AddTime().AddGeneration().AddDispatchFeed().AddCityFleet().AddDirectory().AddLog().AddRoads().AddOutbox().AddTrips().AddZones().AddMatching().AddProgress();
            area.AddIncidents().AddSharing().AddNearby().AddRiders().AddDrivers().AddEndpoints().AddFleet();
        }
    }
}
