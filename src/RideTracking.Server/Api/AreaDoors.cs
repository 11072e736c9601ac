using RideTracking.Server.Api.Fleet;
using RideTracking.Server.Areas;
using RideTracking.Server.Drivers;
using RideTracking.Server.Incidents;
using RideTracking.Server.Matching;
using RideTracking.Server.Nearby;
using RideTracking.Server.Progress;
using RideTracking.Server.Riders;
using RideTracking.Server.Roads;
using RideTracking.Server.Sharing;
using RideTracking.Server.Telemetry;
using RideTracking.Server.Trips;
using RideTracking.Server.Zones;

namespace RideTracking.Server.Api;

/// <summary>An area's doors by their names: all that an endpoint may ask a city for.</summary>
internal static class AreaDoors
{
    extension(AreaHost area)
    {
        public DriverCalls Drivers => area.Door<DriverCalls>();

        public DriverRemoval DriverRemoval => area.Door<DriverRemoval>();

        public RideDesk Rides => area.Door<RideDesk>();

        public TripEstimate Estimates => area.Door<TripEstimate>();

        public TripAdmission Admission => area.Door<TripAdmission>();

        public TripView TripViews => area.Door<TripView>();

        public TripList TripList => area.Door<TripList>();

        public TripWatches TripWatches => area.Door<TripWatches>();

        public TripEventWatch TripEvents => area.Door<TripEventWatch>();

        public DrivenPaths DrivenPaths => area.Door<DrivenPaths>();

        public Dispatcher Dispatcher => area.Door<Dispatcher>();

        public DriverMessages DriverMessages => area.Door<DriverMessages>();

        public DriverFinder DriverFinder => area.Door<DriverFinder>();

        public MatchHook MatchHook => area.Door<MatchHook>();

        public RoundsElsewhere Rounds => area.Door<RoundsElsewhere>();

        public RoadClosures RoadClosures => area.Door<RoadClosures>();

        public RoadTileServing RoadTiles => area.Door<RoadTileServing>();

        public IncidentDesk Incidents => area.Door<IncidentDesk>();

        public IncidentWatch IncidentWatch => area.Door<IncidentWatch>();

        public SharedTrips SharedTrips => area.Door<SharedTrips>();

        public NearbyWatch Nearby => area.Door<NearbyWatch>();

        public NearbyLimits NearbyLimits => area.Door<NearbyLimits>();

        public ZoneDesk Zones => area.Door<ZoneDesk>();

        public ZoneEventWatch ZoneEvents => area.Door<ZoneEventWatch>();

        public FleetWatches FleetWatches => area.Door<FleetWatches>();

        public FleetDriverView FleetDrivers => area.Door<FleetDriverView>();

        /// <summary>Through it every stream but a driver's runs.</summary>
        public WatchStreams Streams => area.Door<WatchStreams>();
    }
}
