"""Example of a driver's app: works, takes the offer that comes, drives the trip and signs off."""

import asyncio
import sys
import threading
import time

import common  # first: it makes the generated code importable
from car import Car
from common import TokenSource, say
from driver_connection import DriverConnection

import grpc
from google.rpc import error_details_pb2
from ridetracking.v1 import driver_pb2, driver_pb2_grpc, trip_pb2

STEPS = {driver_pb2.WAYPOINT_STEP_HEADING: "HEADING", driver_pb2.WAYPOINT_STEP_ARRIVED: "ARRIVED", driver_pb2.WAYPOINT_STEP_DONE: "DONE"}


class Driver:
    def __init__(self, args, channel):
        self._car = Car(args.at, args.speed)
        self._connection = DriverConnection(
            driver_pb2_grpc.DriverServiceStub(channel), args.id, TokenSource(args.token_file), self._on_command, self._on_result)
        self._trip_id = ""
        self._waypoints = []  # the route plan: the first is the next to be done
        self._trip_was_in_plan = False
        self._asks_code = False
        self._code: str | None = None
        self._next_id, self._step = "", None  # the waypoint that was told of last, and how far
        self._is_over = self._is_refused = False

    async def run(self) -> int:
        connection = self._connection
        running = asyncio.create_task(connection.run())
        connection.act(set_availability=driver_pb2.SetAvailability(availability=trip_pb2.DRIVER_AVAILABILITY_AVAILABLE))
        driving = asyncio.create_task(self._drive())
        await asyncio.wait([running, driving], return_when=asyncio.FIRST_COMPLETED)
        if driving.done():
            driving.result()  # raises what went wrong in it
        else:
            driving.cancel()
        self._print_counts()
        if not running.done():
            running.cancel()
            say("ended")
            return 1 if self._is_refused else 0
        try:
            say(f"stopped: {running.result()}")
            return 3
        except grpc.aio.AioRpcError as error:
            say(f"refused: {error.code().name} {error.details()}")
            return 1

    async def _drive(self) -> None:
        reported_at = float("-inf")
        while not self._is_over:
            self._tick()
            # As often as the server wants it: each second while somebody follows the car, seldom while nobody asks.
            if time.monotonic() - reported_at > self._connection.policy.moving_interval.ToTimedelta().total_seconds() - 0.5:
                self._connection.report(self._car.fix())
                reported_at = time.monotonic()
            await asyncio.sleep(1)
        self._connection.act(set_availability=driver_pb2.SetAvailability(availability=trip_pb2.DRIVER_AVAILABILITY_OFFLINE))
        self._connection.report(self._car.fix())
        await self._connection.flush()

    def _tick(self) -> None:
        """A second of driving; at most one step is told."""
        if not self._waypoints:
            self._car.move(None, 1)
            return
        waypoint = self._waypoints[0]
        if waypoint.waypoint_id != self._next_id:
            self._next_id, self._step = waypoint.waypoint_id, None
        is_there = self._car.move(waypoint.location, 1)
        if self._step is None:
            self._tell(waypoint, driver_pb2.WAYPOINT_STEP_HEADING)
        elif self._step == driver_pb2.WAYPOINT_STEP_HEADING and is_there:
            self._tell(waypoint, driver_pb2.WAYPOINT_STEP_ARRIVED)
            if waypoint.kind == trip_pb2.WAYPOINT_KIND_PICKUP and self._asks_code:
                self._ask_code()
        elif self._step == driver_pb2.WAYPOINT_STEP_ARRIVED and (waypoint.kind != trip_pb2.WAYPOINT_KIND_PICKUP or not self._asks_code or self._code):
            self._tell(waypoint, driver_pb2.WAYPOINT_STEP_DONE)

    def _tell(self, waypoint: trip_pb2.Waypoint, step: int) -> None:
        self._step = step
        is_pickup_done = step == driver_pb2.WAYPOINT_STEP_DONE and waypoint.kind == trip_pb2.WAYPOINT_KIND_PICKUP
        self._connection.act(trip_progress=driver_pb2.TripProgress(
            trip_id=waypoint.trip_id, waypoint_id=waypoint.waypoint_id, step=step, pickup_code=self._code if is_pickup_done else None))

    def _ask_code(self) -> None:
        """Somebody types it. On a thread that nobody waits for, since reading standard input cannot be broken off."""
        self._asks_code, self._code = True, None
        loop = asyncio.get_running_loop()

        def read() -> None:
            line = sys.stdin.readline().strip()
            loop.call_soon_threadsafe(setattr, self, "_code", line)

        say("pickup code?")
        threading.Thread(target=read, daemon=True).start()

    def _on_command(self, command: driver_pb2.Command) -> None:
        kind = command.WhichOneof("command")
        if kind == "trip_offer":
            offer = command.trip_offer
            # A store that forgot may send an offer once more: it is for the same trip.
            accepted = self._trip_id in ("", offer.trip_id)
            say(f"offer {offer.offer_id} trip {offer.trip_id}: pickup {offer.pickup_distance_meters:.0f} m away, {'accepted' if accepted else 'declined'}")
            if accepted:
                self._trip_id, self._asks_code = offer.trip_id, offer.pickup_code_required
            self._connection.act(offer_reply=driver_pb2.OfferReply(
                offer_id=offer.offer_id, accepted=accepted, decline_reason=trip_pb2.DECLINE_REASON_UNSPECIFIED if accepted else trip_pb2.DECLINE_REASON_BUSY))
        elif kind == "offer_withdrawn":
            say(f"offer {command.offer_withdrawn.offer_id} withdrawn")
            if command.offer_withdrawn.trip_id == self._trip_id and not self._trip_was_in_plan:
                self._trip_id = ""
        elif kind == "trip_assigned":
            self._trip_id, self._asks_code = command.trip_assigned.trip_id, command.trip_assigned.pickup_code_required
            say(f"assigned trip {self._trip_id}: passenger {command.trip_assigned.passenger.display_name}")
        elif kind == "route_changed":
            self._follow(command.route_changed)
        elif kind == "trip_removed":
            self._end(command.trip_removed.trip_id, trip_pb2.TripState.Name(command.trip_removed.state).removeprefix("TRIP_STATE_"))
        else:
            say(f"command {kind}")

    def _follow(self, plan: driver_pb2.RouteChanged) -> None:
        self._waypoints = list(plan.waypoints)
        names = " ".join(trip_pb2.WaypointKind.Name(waypoint.kind).removeprefix("WAYPOINT_KIND_") for waypoint in plan.waypoints)
        say(f"route plan {plan.route_plan_version}: {names or 'nowhere to go'}")
        trips = {waypoint.trip_id for waypoint in plan.waypoints}
        if self._trip_was_in_plan and self._trip_id not in trips:
            self._end(self._trip_id, "not in the plan")
        elif trips:
            self._trip_id = self._trip_id or plan.waypoints[0].trip_id
            self._trip_was_in_plan = self._trip_id in trips

    def _end(self, trip_id: str, how: str) -> None:
        if trip_id == self._trip_id and not self._is_over:
            say(f"trip {trip_id} is over: {how}")
            self._is_over = True

    def _on_result(self, action: driver_pb2.DriverAction, status) -> None:
        name = action.WhichOneof("action")
        if name == "trip_progress":
            name = STEPS[action.trip_progress.step]
        say(f"action {name} answered {'OK' if status.code == 0 else status.message}")
        if status.code == 0:
            return
        info = common.detail(status, error_details_pb2.ErrorInfo)
        if info and info.reason == "WRONG_PICKUP_CODE":
            self._step = driver_pb2.WAYPOINT_STEP_ARRIVED
            self._ask_code()
        elif name == "offer_reply":
            self._trip_id = ""  # too late, or another driver was faster
        elif name == "set_availability":
            self._is_over = self._is_refused = True  # for instance not in the directory: no offer would ever come

    def _print_counts(self) -> None:
        c = self._connection
        say(f"fixes sent {c.sent} acknowledged {c.acknowledged} resent {c.resent} dropped {c.dropped}; actions made {c.acted} answered {c.answered}")


async def main() -> int:
    parser = common.argument_parser("driver")
    parser.add_argument("--at", type=common.place, default="41.1490,-8.6100", help="latitude,longitude to begin at")
    parser.add_argument("--speed", type=float, default=12.0, help="metres per second")
    args = parser.parse_args()
    async with common.open_channel(args, grpc.aio) as channel:
        return await Driver(args, channel).run()


if __name__ == "__main__":
    try:
        sys.exit(asyncio.run(main()))
    except KeyboardInterrupt:
        sys.exit(130)
