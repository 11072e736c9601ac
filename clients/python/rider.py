"""Example of a rider's app: asks for a ride and follows it until it is over."""

import time
import uuid

import common  # first: it makes the generated code importable
from common import Backoff, TokenSource, say

import grpc
from google.type import latlng_pb2
from ridetracking.v1 import rider_pb2, rider_pb2_grpc, trip_pb2

FINAL = {trip_pb2.TRIP_STATE_COMPLETED, trip_pb2.TRIP_STATE_CANCELLED, trip_pb2.TRIP_STATE_UNFULFILLED}


def waypoint(kind: int, place: tuple[float, float]) -> trip_pb2.Waypoint:
    return trip_pb2.Waypoint(kind=kind, location=latlng_pb2.LatLng(latitude=place[0], longitude=place[1]))


class Rider:
    def __init__(self, args):
        self._tokens = TokenSource(args.token_file)
        self._stub = rider_pb2_grpc.RiderServiceStub(common.open_channel(args, grpc))
        self._backoff = Backoff()
        self._positions = 0
        self._shown = None

    def request_trip(self, args) -> trip_pb2.Trip:
        # The id is made once: a call whose answer was lost is repeated with it and gives the same trip.
        request = rider_pb2.RequestTripRequest(
            request_id=uuid.uuid4().hex, rider_id=args.id, party_size=1,
            waypoints=[waypoint(trip_pb2.WAYPOINT_KIND_PICKUP, args.pickup), waypoint(trip_pb2.WAYPOINT_KIND_DROPOFF, args.dropoff)],
            terms=trip_pb2.TripTerms(pickup_code_required=args.pickup_code))
        while True:
            try:
                trip = self._stub.RequestTrip(request, metadata=self._tokens.metadata(), timeout=10).trip
                self._backoff.reset()
                return trip
            except grpc.RpcError as error:
                self._wait(error)

    def watch(self, trip_id: str) -> None:
        """Follows the trip across lost streams. A stream may also end in good order before the trip, when a server stops."""
        while True:
            error, state = None, None
            try:
                for change in self._stub.WatchTrip(rider_pb2.WatchTripRequest(trip_id=trip_id), metadata=self._tokens.metadata()):
                    self._backoff.reset()
                    if change.HasField("trip"):
                        state = change.trip.state
                        self._show_trip(change.trip)
                    if change.HasField("position"):
                        self._show_position(change.position)
            except grpc.RpcError as lost:
                error = lost
            if state in FINAL:
                say(f"positions {self._positions}")
                return
            self._wait(error)

    def _show_trip(self, trip: trip_pb2.Trip) -> None:
        if self._shown == (trip.version, trip.state):
            return
        self._shown = (trip.version, trip.state)
        who = f": {trip.driver.display_name}, {trip.driver.vehicle_description} {trip.driver.license_plate}" if trip.HasField("driver") else ""
        say(f"trip {trip.trip_id} {trip_pb2.TripState.Name(trip.state).removeprefix('TRIP_STATE_')}{who}")

    def _show_position(self, position: rider_pb2.VehiclePosition) -> None:
        self._positions += 1
        age = position.age.ToTimedelta().total_seconds()
        say(f"position {position.location.latitude:.5f},{position.location.longitude:.5f} age {age:.1f} s")

    def _wait(self, error: grpc.RpcError | None) -> None:
        if error and not self._tokens.may_try_again(error):
            raise SystemExit(f"refused: {error.code().name} {error.details()}")
        seconds = self._backoff.next(common.retry_after(common.status_of(error)))
        why = f"{error.code().name} {error.details()}" if error else "the server ended the stream"
        say(f"lost: {why}; again in {seconds:.2f} s")
        time.sleep(seconds)


def main() -> None:
    parser = common.argument_parser("rider")
    parser.add_argument("--pickup", type=common.place, default="41.1500,-8.6100", help="latitude,longitude")
    parser.add_argument("--dropoff", type=common.place, default="41.1600,-8.6100", help="latitude,longitude")
    parser.add_argument("--pickup-code", action="store_true", help="the ride begins only when the driver knows a code")
    args = parser.parse_args()
    rider = Rider(args)
    trip = rider.request_trip(args)
    say(f"requested trip {trip.trip_id}")
    if trip.pickup_code:
        say(f"pickup code {trip.pickup_code}")
    rider.watch(trip.trip_id)


if __name__ == "__main__":
    main()
