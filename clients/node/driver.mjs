// Example of a driver's app: works, takes the offer that comes, drives the trip and signs off.
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import { Car } from "./car.mjs";
import { detail, openClient, parseArguments, parsePlace, seconds, services, status, TokenSource } from "./common.mjs";
import { DriverConnection } from "./driver-connection.mjs";

class Driver {
  #car;
  #connection;
  #tripId = "";
  #waypoints = []; // the route plan: the first is the next to be done
  #tripWasInPlan = false;
  #asksCode = false;
  #code = "";
  #told = { waypointId: "", step: undefined }; // the waypoint that was told of last, and how far
  #isOver = false;
  #isRefused = false;

  constructor(args) {
    this.#car = new Car(parsePlace(args.at), Number(args.speed));
    this.#connection = new DriverConnection(openClient(services.DriverService, args), args.id, new TokenSource(args["token-file"]), {
      onCommand: (command) => this.#onCommand(command),
      onResult: (action, result) => this.#onResult(action, result),
    });
  }

  /** Resolves to the exit code. */
  async run() {
    this.#connection.act({ setAvailability: { availability: "DRIVER_AVAILABILITY_AVAILABLE" } });
    const running = this.#connection.run().then(
      (reason) => ({ says: `stopped: ${reason}`, code: 3 }),
      (error) => {
        if (status[error.code] === undefined) throw error; // no status of a call: a mistake in here
        return { says: `refused: ${status[error.code]} ${error.details}`, code: 1 };
      });
    const driving = this.#drive().then(() => ({ says: "ended", code: this.#isRefused ? 1 : 0 }));
    const { says, code } = await Promise.race([running, driving]);
    const { sent, acknowledged, resent, dropped, acted, answered } = this.#connection.counts;
    console.log(`fixes sent ${sent} acknowledged ${acknowledged} resent ${resent} dropped ${dropped}; actions made ${acted} answered ${answered}`);
    console.log(says);
    return code;
  }

  async #drive() {
    let reportedAt = -Infinity;
    while (!this.#isOver) {
      this.#tick();
      // As often as the server wants it: each second while somebody follows the car, seldom while nobody asks.
      if (performance.now() / 1000 - reportedAt > (seconds(this.#connection.policy.movingInterval) ?? 0) - 0.5) {
        this.#connection.report(this.#car.fix());
        reportedAt = performance.now() / 1000;
      }
      await delay(1000);
    }
    this.#connection.act({ setAvailability: { availability: "DRIVER_AVAILABILITY_OFFLINE" } });
    this.#connection.report(this.#car.fix());
    await this.#connection.flush();
  }

  /** A second of driving; at most one step is told. */
  #tick() {
    const [waypoint] = this.#waypoints;
    const isThere = this.#car.move(waypoint?.location, 1);
    if (!waypoint) return;
    if (waypoint.waypointId !== this.#told.waypointId) this.#told = { waypointId: waypoint.waypointId, step: undefined };
    const needsCode = waypoint.kind === "WAYPOINT_KIND_PICKUP" && this.#asksCode;
    if (!this.#told.step) {
      this.#tell(waypoint, "HEADING");
    } else if (this.#told.step === "HEADING" && isThere) {
      this.#tell(waypoint, "ARRIVED");
      if (needsCode) this.#askCode();
    } else if (this.#told.step === "ARRIVED" && (!needsCode || this.#code)) {
      this.#tell(waypoint, "DONE");
    }
  }

  #tell({ tripId, waypointId, kind }, step) {
    this.#told.step = step;
    const pickupCode = step === "DONE" && kind === "WAYPOINT_KIND_PICKUP" ? this.#code : "";
    this.#connection.act({ tripProgress: { tripId, waypointId, step: `WAYPOINT_STEP_${step}`, pickupCode } });
  }

  /** Somebody types it. */
  #askCode() {
    this.#asksCode = true;
    this.#code = "";
    console.log("pickup code?");
    const input = createInterface({ input: process.stdin });
    input.once("line", (line) => {
      this.#code = line.trim();
      input.close();
    });
  }

  #onCommand(command) {
    const { tripOffer, offerWithdrawn, tripAssigned, routeChanged, tripRemoved } = command;
    if (tripOffer) {
      // A store that forgot may send an offer once more: it is for the same trip.
      const accepted = this.#tripId === "" || this.#tripId === tripOffer.tripId;
      console.log(`offer ${tripOffer.offerId} trip ${tripOffer.tripId}: pickup ${tripOffer.pickupDistanceMeters.toFixed(0)} m away, ${accepted ? "accepted" : "declined"}`);
      if (accepted) {
        this.#tripId = tripOffer.tripId;
        this.#asksCode = tripOffer.pickupCodeRequired;
      }
      this.#connection.act({ offerReply: { offerId: tripOffer.offerId, accepted, declineReason: accepted ? "DECLINE_REASON_UNSPECIFIED" : "DECLINE_REASON_BUSY" } });
    } else if (offerWithdrawn) {
      console.log(`offer ${offerWithdrawn.offerId} withdrawn`);
      if (offerWithdrawn.tripId === this.#tripId && !this.#tripWasInPlan) this.#tripId = "";
    } else if (tripAssigned) {
      this.#tripId = tripAssigned.tripId;
      this.#asksCode = tripAssigned.pickupCodeRequired;
      console.log(`assigned trip ${this.#tripId}: passenger ${tripAssigned.passenger?.displayName}`);
    } else if (routeChanged) {
      this.#follow(routeChanged);
    } else if (tripRemoved) {
      this.#end(tripRemoved.tripId, tripRemoved.state.replace("TRIP_STATE_", ""));
    } else {
      console.log(`command ${command.command}`);
    }
  }

  #follow(plan) {
    this.#waypoints = plan.waypoints;
    const names = plan.waypoints.map(({ kind }) => kind.replace("WAYPOINT_KIND_", "")).join(" ");
    console.log(`route plan ${plan.routePlanVersion}: ${names || "nowhere to go"}`);
    const isInPlan = plan.waypoints.some(({ tripId }) => tripId === this.#tripId);
    if (this.#tripWasInPlan && !isInPlan) this.#end(this.#tripId, "not in the plan");
    this.#tripId ||= plan.waypoints[0]?.tripId ?? "";
    this.#tripWasInPlan = isInPlan;
  }

  #end(tripId, how) {
    if (tripId !== this.#tripId || this.#isOver) return;
    console.log(`trip ${tripId} is over: ${how}`);
    this.#isOver = true;
  }

  #onResult(action, result) {
    const name = action.tripProgress?.step.replace("WAYPOINT_STEP_", "") ?? (action.offerReply ? "offer_reply" : "set_availability");
    console.log(`action ${name} answered ${result.code === status.OK ? "OK" : result.message}`);
    if (result.code === status.OK) return;
    if (detail(result, "ErrorInfo")?.reason === "WRONG_PICKUP_CODE") {
      this.#told.step = "ARRIVED";
      this.#askCode();
    } else if (action.offerReply) {
      this.#tripId = ""; // too late, or another driver was faster
    } else if (action.setAvailability) {
      this.#isOver = this.#isRefused = true; // for instance not in the directory: no offer would ever come
    }
  }
}

const args = parseArguments({
  at: { type: "string", default: "41.1490,-8.6100" }, // latitude,longitude to begin at
  speed: { type: "string", default: "12" }, // metres per second
});
// The channel and standard input would keep the process alive.
process.exit(await new Driver(args).run());
