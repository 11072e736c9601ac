package com.ridetracking.examples;

import com.google.type.LatLng;
import com.ridetracking.v1.RequestTripRequest;
import com.ridetracking.v1.RiderServiceGrpc;
import com.ridetracking.v1.RiderServiceGrpc.RiderServiceBlockingStub;
import com.ridetracking.v1.Trip;
import com.ridetracking.v1.TripState;
import com.ridetracking.v1.TripTerms;
import com.ridetracking.v1.VehiclePosition;
import com.ridetracking.v1.WatchTripRequest;
import com.ridetracking.v1.WatchTripResponse;
import com.ridetracking.v1.Waypoint;
import com.ridetracking.v1.WaypointKind;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import java.time.Duration;
import java.util.EnumSet;
import java.util.Iterator;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.TimeUnit;

/** Example of a rider's app: asks for a ride and follows it until it is over. */
public final class Rider {
  private static final Set<TripState> FINAL =
      EnumSet.of(TripState.TRIP_STATE_COMPLETED, TripState.TRIP_STATE_CANCELLED, TripState.TRIP_STATE_UNFULFILLED);

  private final ManagedChannel channel;
  private final RiderServiceBlockingStub stub;
  private final TokenSource tokens;
  private final Backoff backoff = new Backoff();
  private int positions;
  private long shownVersion;

  private Rider(Arguments args) {
    channel = args.openChannel();
    stub = RiderServiceGrpc.newBlockingStub(channel);
    tokens = args.tokens();
  }

  public static void main(String[] args) throws InterruptedException {
    Arguments arguments = new Arguments(args, Map.of("--pickup", "41.1500,-8.6100", "--dropoff", "41.1600,-8.6100"));
    Rider rider = new Rider(arguments);
    Trip trip = rider.requestTrip(RequestTripRequest.newBuilder()
        // Made once: a call whose answer was lost is repeated with it and gives the same trip.
        .setRequestId(UUID.randomUUID().toString())
        .setRiderId(arguments.get("--id"))
        .setPartySize(1)
        .addWaypoints(waypoint(WaypointKind.WAYPOINT_KIND_PICKUP, arguments.place("--pickup")))
        .addWaypoints(waypoint(WaypointKind.WAYPOINT_KIND_DROPOFF, arguments.place("--dropoff")))
        .setTerms(TripTerms.newBuilder().setPickupCodeRequired(arguments.has("--pickup-code")))
        .build());
    System.out.println("requested trip " + trip.getTripId());
    if (!trip.getPickupCode().isEmpty()) {
      System.out.println("pickup code " + trip.getPickupCode());
    }
    rider.watch(trip.getTripId());
    System.out.println("positions " + rider.positions);
    rider.channel.shutdown();
  }

  private Trip requestTrip(RequestTripRequest request) throws InterruptedException {
    while (true) {
      try {
        Trip trip = stub.withInterceptors(tokens.authorize()).withDeadlineAfter(10, TimeUnit.SECONDS).requestTrip(request).getTrip();
        backoff.reset();
        return trip;
      } catch (StatusRuntimeException e) {
        waitAfter(e);
      }
    }
  }

  /** Follows the trip across lost streams. A stream may also end in good order before the trip, when a server stops. */
  private void watch(String tripId) throws InterruptedException {
    while (true) {
      TripState state = TripState.TRIP_STATE_UNSPECIFIED;
      StatusRuntimeException lost = null;
      try {
        Iterator<WatchTripResponse> changes =
            stub.withInterceptors(tokens.authorize()).watchTrip(WatchTripRequest.newBuilder().setTripId(tripId).build());
        while (changes.hasNext()) {
          WatchTripResponse change = changes.next();
          backoff.reset();
          if (change.hasTrip()) {
            state = change.getTrip().getState();
            show(change.getTrip());
          }
          if (change.hasPosition()) {
            show(change.getPosition());
          }
        }
      } catch (StatusRuntimeException e) {
        lost = e;
      }
      if (FINAL.contains(state)) {
        return;
      }
      waitAfter(lost);
    }
  }

  private void show(Trip trip) {
    if (trip.getVersion() == shownVersion) {
      return;
    }
    shownVersion = trip.getVersion();
    String who = trip.hasDriver()
        ? ": %s, %s %s".formatted(trip.getDriver().getDisplayName(), trip.getDriver().getVehicleDescription(), trip.getDriver().getLicensePlate())
        : "";
    System.out.println("trip " + trip.getTripId() + " " + trip.getState().name().replace("TRIP_STATE_", "") + who);
  }

  private void show(VehiclePosition position) {
    positions++;
    System.out.printf("position %.5f,%.5f age %.1f s%n", position.getLocation().getLatitude(), position.getLocation().getLongitude(),
        Backoff.toDuration(position.getAge()).toMillis() / 1000.0);
  }

  /** Null when the server ended a stream in good order. */
  private void waitAfter(StatusRuntimeException error) throws InterruptedException {
    Status status = error == null ? Status.OK : error.getStatus();
    if (error != null && !tokens.mayTryAgain(status)) {
      System.out.println("refused: " + status.getCode() + " " + status.getDescription());
      System.exit(1);
    }
    Duration wait = backoff.next(error == null ? Duration.ZERO : Backoff.retryAfter(StatusProto.fromThrowable(error)));
    String why = error == null ? "the server ended the stream" : status.getCode() + " " + status.getDescription();
    System.out.printf("lost: %s; again in %.2f s%n", why, wait.toMillis() / 1000.0);
    Thread.sleep(wait.toMillis());
    // The channel would wait for up to two minutes by itself.
    channel.resetConnectBackoff();
  }

  private static Waypoint waypoint(WaypointKind kind, LatLng place) {
    return Waypoint.newBuilder().setKind(kind).setLocation(place).build();
  }
}
