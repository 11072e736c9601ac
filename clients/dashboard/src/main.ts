import "maplibre-gl/dist/maplibre-gl.css";
import "./style.css";
import { Code, FleetFeed, TokenSource } from "@ride-tracking/client";
import type { Incident } from "@ride-tracking/client/v1/incident";
import { tokenOfPage } from "./access.ts";
import { CarLayer, carRadius } from "./car-layer.ts";
import { Cars, shownPlace, type Car } from "./cars.ts";
import { ConnectionBadge } from "./connection-badge.ts";
import { exposeDebugState } from "./debug-state.ts";
import { element } from "./dom.ts";
import { fleetBounds } from "./fleet-bounds.ts";
import { createClients } from "./fleet-client.ts";
import { boundsOf, createFleetMap } from "./fleet-map.ts";
import { GraticuleLabels } from "./graticule-labels.ts";
import { IncidentFeed } from "./incident-feed.ts";
import { IncidentMarks } from "./incident-marks.ts";
import { IncidentPanel } from "./incident-panel.ts";
import { countInView, Legend } from "./legend.ts";
import { medianFixAge } from "./median.ts";
import { latitudeOf, longitudeOf, mercatorX, mercatorY, nearestCopy } from "./mercator.ts";
import { NearestMarks } from "./nearest-marks.ts";
import { NearestPanel } from "./nearest-panel.ts";
import { NearestSearch, type PlaceDegrees } from "./nearest-search.ts";
import { DriverPanel } from "./panel.ts";
import { reportFault } from "./report-fault.ts";
import { RoadFeed } from "./road-feed.ts";
import { RoadLayers } from "./road-layers.ts";
import { ShowFleetControl } from "./show-fleet-control.ts";
import { askForToken } from "./token-form.ts";
import { TrailLayer } from "./trail-layer.ts";
import { Trails } from "./trails.ts";
import { TripLayers } from "./trip-layers.ts";
import { serves, viewportOf, wholeWorld } from "./viewport.ts";
import { ZoneFeed } from "./zone-feed.ts";
import { lowestZoneLayer, ZoneLayers } from "./zone-layers.ts";
import { ZoneLegend } from "./zone-legend.ts";
import { ZoneTip } from "./zone-tip.ts";

/** A stream covers this share of the map beyond each edge, so that small moves need no new one. */
const viewportMargin = 0.25;
const viewportCheckMs = 300;
const minFrameIntervalMs = 500;
const clickRadiusPixels = 16;
/** Of all cars together: ten minutes of 400 cars that report each four seconds. */
const rememberedStretches = 60_000;

const now = () => performance.now() / 1000;
const mapElement = document.querySelector<HTMLElement>("#map")!;
const labelsElement = document.querySelector<HTMLElement>("#graticule-labels")!;
const hud = document.querySelector<HTMLElement>("#hud")!;

/** Without a place in the address the map first looks for the fleet. */
let isLookingForFleet = location.hash.length < 2;
let lastFrameAt: number | undefined;
let frames = 0;
let openIncidents: readonly Incident[] = [];

const cars = new Cars();
const trails = new Trails(rememberedStretches);
cars.onDriven = (stretch) => trails.add(stretch);
const carLayer = new CarLayer(cars, now);
const badge = new ConnectionBadge();
const legend = new Legend();
const tokens = new TokenSource(tokenOfPage(() => askForToken(document.body)));
const clients = createClients(tokens);
const tripLayers = new TripLayers();
const panel = new DriverPanel(clients.fleet, (trip) => tripLayers.show(trip), () => select(undefined));
const roadLayers = new RoadLayers();
const zoneLayers = new ZoneLayers();
const zoneLegend = new ZoneLegend((isShown) => zoneLayers.setVisible(isShown));
const nearestPanel = new NearestPanel(select, () => nearestSearch.end());
const incidentPanel = new IncidentPanel(showIncident, (incidentId, note) => incidentFeed.close(incidentId, note));
const feed = new FleetFeed({
  client: clients.fleet,
  tokens,
  minFrameIntervalMs,
  // The page stays, and somebody may give it a better token.
  isFinal: () => false,
  onChange({ isWhole, drivers, left }) {
    if (isWhole) cars.replace(drivers, now());
    else cars.update(drivers, left, now());
    if (isLookingForFleet) showFleet();
  },
  onFrame() {
    lastFrameAt = now();
    frames++;
    map.triggerRepaint();
    followSelected();
  },
  onConnection(connection) {
    if (connection.kind === "waiting" && connection.error.code === Code.PermissionDenied) tokens.refused();
    badge.setConnection(connection);
    refreshHud();
  },
});
feed.ended.catch(reportFault);

const map = createFleetMap(mapElement, tokens);
map.addControl(new ShowFleetControl(lookForFleet), "bottom-right");
new GraticuleLabels(map, labelsElement);
const nearestMarks = new NearestMarks(map, shownPlaceOf);
const nearestSearch = new NearestSearch(clients.dispatch, {
  onPlace(place) {
    nearestPanel.open(place, zoneLayers.around([place.longitude, place.latitude]));
    nearestMarks.mark(place);
  },
  onFound(drivers, leftOut) {
    nearestPanel.show(drivers, leftOut, performance.now());
    nearestMarks.ring(drivers);
  },
  onFailed: () => nearestPanel.fail(),
  onEnd() {
    nearestPanel.close();
    nearestMarks.clear();
  },
});
const zoneTip = new ZoneTip(map, zoneLayers, (place) => carAt(place) !== undefined);
new RoadFeed(tokens, (roads) => roadLayers.show(roads));
new ZoneFeed(clients.fleet, (zones) => {
  zoneLayers.show(zones);
  zoneLegend.show(zones);
});
const incidentMarks = new IncidentMarks(map);
const incidentFeed = new IncidentFeed(clients.dispatch, tokens, (open) => {
  openIncidents = open;
  incidentPanel.show(open);
  incidentMarks.show(open);
});
legend.root.append(zoneLegend.root);
hud.append(badge.root, legend.root, element("div", "side", incidentPanel.root, nearestPanel.root, panel.root));
document.body.append(zoneTip.root);

map.on("load", () => {
  zoneLayers.addTo(map);
  const trailLayer = new TrailLayer(trails, now);
  map.addLayer(trailLayer);
  map.addLayer(carLayer);
  roadLayers.addTo(map, lowestZoneLayer, trailLayer.id);
  tripLayers.addTo(map, trailLayer.id);
});
watchShownArea();
let viewportCheck: ReturnType<typeof setTimeout> | undefined;
// At most so often, but also while the map keeps moving, as it does when it follows a car.
map.on("move", () => {
  viewportCheck ??= setTimeout(() => {
    viewportCheck = undefined;
    watchShownArea();
  }, viewportCheckMs);
});
for (const gesture of ["dragstart", "wheel", "dblclick"] as const) map.on(gesture, stopLooking);
map.on("dragstart", () => panel.stopFollowing());
map.on("click", ({ lngLat }) => {
  const car = carAt(lngLat);
  if (car !== undefined) {
    select(car.driverId);
    return;
  }
  panel.close();
  nearestSearch.start({ latitude: lngLat.lat, longitude: lngLat.lng });
});
// The two clicks of it were for the zoom.
map.on("dblclick", () => nearestSearch.end());

/** The car that a click at a place hits. */
function carAt({ lng, lat }: { lng: number; lat: number }): Car | undefined {
  const radius = Math.max(clickRadiusPixels, carRadius(map.getZoom())) / (512 * 2 ** map.getZoom());
  return cars.nearest(mercatorX(lng), mercatorY(lat), radius, now());
}

/** Where a car is shown on the copy of the world that is in view. */
function shownPlaceOf(driverId: string): PlaceDegrees | undefined {
  const car = cars.find(driverId);
  if (car === undefined) return undefined;
  const place = shownPlace(car, now());
  const onShownWorld = nearestCopy(place.x, mercatorX(map.getCenter().lng));
  return { latitude: latitudeOf(place.y), longitude: longitudeOf(onShownWorld) };
}

function watchShownArea(): void {
  const shown = viewportOf(boundsOf(map), 0);
  if (isLookingForFleet) {
    if (feed.watched === undefined) feed.show(wholeWorld);
    return;
  }
  if (feed.watched === undefined || !serves(feed.watched, shown)) {
    feed.show(viewportOf(boundsOf(map), viewportMargin));
  }
}

/** Watches the whole world until there are cars to go to. */
function lookForFleet(): void {
  panel.stopFollowing();
  isLookingForFleet = true;
  feed.show(wholeWorld);
}

/** Somebody looks elsewhere by hand: the map stays there. */
function stopLooking(): void {
  if (!isLookingForFleet) return;
  isLookingForFleet = false;
  watchShownArea();
}

/** Goes to where the cars are, once there are any. */
function showFleet(): void {
  const bounds = fleetBounds(cars.all);
  if (bounds === undefined) return;
  isLookingForFleet = false;
  map.fitBounds(bounds, { padding: 80, maxZoom: 15, animate: false });
}

function select(driverId: string | undefined): void {
  carLayer.selectedDriverId = driverId;
  nearestPanel.select(driverId);
  if (driverId !== undefined) panel.open(driverId);
  map.triggerRepaint();
}

/** Goes to the driver, or to where it was told of, and opens the driver's panel. */
function showIncident(incident: Incident): void {
  stopLooking();
  const driverId = incident.driver?.driverId;
  const place = (driverId === undefined ? undefined : shownPlaceOf(driverId)) ?? incident.location;
  if (place !== undefined) map.easeTo({ center: [place.longitude, place.latitude], zoom: Math.max(map.getZoom(), 14) });
  if (driverId !== undefined) select(driverId);
}

function followSelected(): void {
  const car = panel.isFollowing ? cars.find(carLayer.selectedDriverId ?? "") : undefined;
  if (car === undefined) return;
  map.easeTo({
    center: [longitudeOf(car.toX), latitudeOf(car.toY)],
    duration: Math.max(250, car.glideDuration * 1000),
    easing: (progress) => progress,
  });
}

/** In CSS pixels from the top left of the map. */
function projected(longitude: number, latitude: number): { x: number; y: number } {
  const { x, y } = map.project([longitude, latitude]);
  return { x, y };
}

function refreshHud(): void {
  const frameAge = lastFrameAt === undefined ? undefined : now() - lastFrameAt;
  badge.show(performance.now(), frameAge, medianFixAge(cars.all, now()));
  legend.show(countInView(cars.all), feed.counts);
  panel.tick(performance.now());
  nearestPanel.tick(performance.now());
  document.body.classList.toggle("is-stale", badge.level === "lost" || badge.level === "reconnecting");
}
setInterval(refreshHud, 250);

exposeDebugState({
  get carsDrawn() {
    return carLayer.drawn;
  },
  get connection() {
    return badge.level;
  },
  get frames() {
    return frames;
  },
  get driverIds() {
    return cars.all.map((car) => car.driverId).sort();
  },
  get watched() {
    return feed.watched;
  },
  get openStreams() {
    return feed.openStreams;
  },
  roadsAt(longitude, latitude) {
    return roadLayers.at({ lng: longitude, lat: latitude });
  },
  get trip() {
    const trip = tripLayers.shown;
    return trip && { tripId: trip.tripId, behind: trip.behind, ahead: trip.ahead };
  },
  get hasAllTiles() {
    return map.areTilesLoaded();
  },
  get incidentIds() {
    return openIncidents.map((incident) => incident.incidentId);
  },
  get zoneIds() {
    return zoneLayers.zoneIds;
  },
  zonesAround(longitude, latitude) {
    return zoneLayers.around([longitude, latitude]).map((zone) => zone.zoneId);
  },
  get ringedDriverIds() {
    return nearestMarks.ringedDriverIds;
  },
  screenPositionOf(driverId) {
    const place = shownPlaceOf(driverId);
    return place === undefined ? undefined : projected(place.longitude, place.latitude);
  },
  project: projected,
  show(longitude, latitude, zoom) {
    map.jumpTo({ center: [longitude, latitude], zoom });
  },
});
