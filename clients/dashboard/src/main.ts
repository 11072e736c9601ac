import "maplibre-gl/dist/maplibre-gl.css";
import "./style.css";
import { Access } from "./access.ts";
import { CarLayer, carRadius } from "./car-layer.ts";
import { Cars, shownPlace } from "./cars.ts";
import { ConnectionBadge } from "./connection-badge.ts";
import { exposeDebugState } from "./debug-state.ts";
import { fleetBounds } from "./fleet-bounds.ts";
import { createFleetClient } from "./fleet-client.ts";
import { boundsOf, createFleetMap } from "./fleet-map.ts";
import { FleetStream } from "./fleet-stream.ts";
import type { FleetCounts } from "./gen/ridetracking/v1/fleet_pb.ts";
import { GraticuleLabels } from "./graticule-labels.ts";
import { countInView, Legend } from "./legend.ts";
import { medianFixAge } from "./median.ts";
import { latitudeOf, longitudeOf, mercatorX, mercatorY, nearestCopy } from "./mercator.ts";
import { DriverPanel } from "./panel.ts";
import { ShowFleetControl } from "./show-fleet-control.ts";
import { askForToken } from "./token-form.ts";
import { TrailLayer } from "./trail-layer.ts";
import { Trails } from "./trails.ts";
import { serves, viewportOf, wholeWorld } from "./viewport.ts";

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
let fleetCounts: FleetCounts | undefined;
let lastFrameAt: number | undefined;
let frames = 0;

const cars = new Cars();
const trails = new Trails(rememberedStretches);
cars.onDriven = (stretch) => trails.add(stretch);
const carLayer = new CarLayer(cars, now);
const badge = new ConnectionBadge();
const legend = new Legend();
const access = new Access(
  () => askForToken(document.body),
  () => stream.reopen(),
);
const client = createFleetClient(access);
const panel = new DriverPanel(client, () => select(undefined));
const stream = new FleetStream(
  client,
  {
    onSnapshot(drivers) {
      cars.replace(drivers, now());
      if (isLookingForFleet) showFleet();
    },
    onChanges(drivers, leftSlots) {
      cars.update(drivers, leftSlots, now());
      if (isLookingForFleet) showFleet();
    },
    onFrame(frame) {
      lastFrameAt = now();
      frames++;
      if (frame.counts !== undefined) fleetCounts = frame.counts;
      map.triggerRepaint();
      followSelected();
    },
    onConnection(connection) {
      badge.setConnection(connection);
      refreshHud();
    },
    onTokenRefused: () => access.refused(),
  },
  () => access.value(),
  minFrameIntervalMs,
);

const map = createFleetMap(mapElement);
map.addControl(new ShowFleetControl(lookForFleet), "bottom-right");
new GraticuleLabels(map, labelsElement);
hud.append(badge.root, legend.root, panel.root);

map.on("load", () => {
  map.addLayer(new TrailLayer(trails, now));
  map.addLayer(carLayer);
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
  const radius = Math.max(clickRadiusPixels, carRadius(map.getZoom())) / (512 * 2 ** map.getZoom());
  const car = cars.nearest(mercatorX(lngLat.lng), mercatorY(lngLat.lat), radius, now());
  if (car === undefined) panel.close();
  else select(car.driverId);
});
window.addEventListener("online", () => stream.reopen());

function watchShownArea(): void {
  const shown = viewportOf(boundsOf(map), 0);
  if (isLookingForFleet) {
    if (stream.watched === undefined) stream.show(wholeWorld);
    return;
  }
  if (stream.watched === undefined || !serves(stream.watched, shown)) {
    stream.show(viewportOf(boundsOf(map), viewportMargin));
  }
}

/** Watches the whole world until there are cars to go to. */
function lookForFleet(): void {
  panel.stopFollowing();
  isLookingForFleet = true;
  stream.show(wholeWorld);
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
  if (driverId !== undefined) panel.open(driverId);
  map.triggerRepaint();
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

function refreshHud(): void {
  const frameAge = lastFrameAt === undefined ? undefined : now() - lastFrameAt;
  badge.show(performance.now(), frameAge, medianFixAge(cars.all, now()));
  legend.show(countInView(cars.all), fleetCounts);
  panel.tick(performance.now());
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
    return stream.watched;
  },
  get openStreams() {
    return stream.openStreams;
  },
  screenPositionOf(driverId) {
    const car = cars.find(driverId);
    if (car === undefined) return undefined;
    const place = shownPlace(car, now());
    const onShownWorld = nearestCopy(place.x, mercatorX(map.getCenter().lng));
    const { x, y } = map.project([longitudeOf(onShownWorld), latitudeOf(place.y)]);
    return { x, y };
  },
  show(longitude, latitude, zoom) {
    map.jumpTo({ center: [longitude, latitude], zoom });
  },
});
