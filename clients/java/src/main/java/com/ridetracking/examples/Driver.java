package com.ridetracking.examples;

import com.google.rpc.ErrorInfo;
import com.ridetracking.v1.Command;
import com.ridetracking.v1.DeclineReason;
import com.ridetracking.v1.DriverAction;
import com.ridetracking.v1.DriverAvailability;
import com.ridetracking.v1.OfferReply;
import com.ridetracking.v1.RouteChanged;
import com.ridetracking.v1.SetAvailability;
import com.ridetracking.v1.TripOffer;
import com.ridetracking.v1.TripProgress;
import com.ridetracking.v1.Waypoint;
import com.ridetracking.v1.WaypointKind;
import com.ridetracking.v1.WaypointStep;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.stream.Collectors;

/** Example of a driver's app: works, takes the offer that comes, drives the trip and signs off. All on the loop's thread. */
public final class Driver {
  private static final Duration SECOND = Duration.ofSeconds(1);

  private final BufferedReader input = new BufferedReader(new InputStreamReader(System.in));
  private final CompletableFuture<Integer> exitCode = new CompletableFuture<>();
  private final Car car;
  private final DriverConnection connection;
  private String tripId = "";
  private List<Waypoint> waypoints = List.of(); // the route plan: the first is the next to be done
  private boolean tripWasInPlan;
  private boolean asksCode;
  private String code = "";
  private String toldOf = ""; // the waypoint that was told of last, and how far
  private WaypointStep told = WaypointStep.WAYPOINT_STEP_UNSPECIFIED;
  private long reportedAt = System.nanoTime() - Duration.ofDays(1).toNanos();
  private boolean isOver;
  private boolean isRefused;

  private Driver(Arguments args) {
    ScheduledThreadPoolExecutor loop = new ScheduledThreadPoolExecutor(1);
    loop.setRemoveOnCancelPolicy(true);
    car = new Car(args.place("--at"), Double.parseDouble(args.get("--speed")));
    connection = new DriverConnection(args.openChannel(), args.get("--id"), args.tokens(), loop, this::onCommand, this::onResult);
  }

  public static void main(String[] args) {
    // The channel's threads and the loop's would keep the process alive.
    System.exit(new Driver(new Arguments(args, Map.of("--at", "41.1490,-8.6100", "--speed", "12"))).run());
  }

  private int run() {
    connection.run().whenComplete((reason, error) -> connection.onLoop(() -> stopped(reason, error), Duration.ZERO));
    connection.onLoop(() -> {
      setAvailability(DriverAvailability.DRIVER_AVAILABILITY_AVAILABLE);
      drive();
    }, Duration.ZERO);
    return exitCode.join();
  }

  private void stopped(String reason, Throwable error) {
    if (error == null) {
      end("stopped: " + reason, 3);
    } else if ((error instanceof CompletionException ? error.getCause() : error) instanceof StatusRuntimeException refused) {
      end("refused: " + refused.getStatus().getCode() + " " + refused.getStatus().getDescription(), 1);
    } else {
      exitCode.completeExceptionally(error); // a mistake in here
    }
  }

  private void end(String says, int code) {
    DriverConnection.Counts c = connection.counts;
    System.out.printf("fixes sent %d acknowledged %d resent %d dropped %d; actions made %d answered %d%n",
        c.sent, c.acknowledged, c.resent, c.dropped, c.acted, c.answered);
    System.out.println(says);
    exitCode.complete(code);
  }

  private void drive() {
    if (isOver) {
      setAvailability(DriverAvailability.DRIVER_AVAILABILITY_OFFLINE);
      connection.report(car.fix());
      connection.flush().thenRun(() -> end("ended", isRefused ? 1 : 0));
      return;
    }
    tick();
    // As often as the server wants it: each second while somebody follows the car, seldom while nobody asks.
    if (System.nanoTime() - reportedAt > Backoff.toDuration(connection.policy().getMovingInterval()).toNanos() - SECOND.toNanos() / 2) {
      connection.report(car.fix());
      reportedAt = System.nanoTime();
    }
    connection.onLoop(this::drive, SECOND);
  }

  /** A second of driving; at most one step is told. */
  private void tick() {
    if (waypoints.isEmpty()) {
      car.cruise(1);
      return;
    }
    Waypoint waypoint = waypoints.get(0);
    if (!waypoint.getWaypointId().equals(toldOf)) {
      toldOf = waypoint.getWaypointId();
      told = WaypointStep.WAYPOINT_STEP_UNSPECIFIED;
    }
    boolean isThere = car.driveTo(waypoint.getLocation(), 1);
    boolean needsCode = asksCode && waypoint.getKind() == WaypointKind.WAYPOINT_KIND_PICKUP;
    if (told == WaypointStep.WAYPOINT_STEP_UNSPECIFIED) {
      tell(waypoint, WaypointStep.WAYPOINT_STEP_HEADING);
    } else if (told == WaypointStep.WAYPOINT_STEP_HEADING && isThere) {
      tell(waypoint, WaypointStep.WAYPOINT_STEP_ARRIVED);
      if (needsCode) {
        askCode();
      }
    } else if (told == WaypointStep.WAYPOINT_STEP_ARRIVED && (!needsCode || !code.isEmpty())) {
      tell(waypoint, WaypointStep.WAYPOINT_STEP_DONE);
    }
  }

  private void tell(Waypoint waypoint, WaypointStep step) {
    told = step;
    TripProgress.Builder progress = TripProgress.newBuilder().setTripId(waypoint.getTripId()).setWaypointId(waypoint.getWaypointId()).setStep(step);
    if (step == WaypointStep.WAYPOINT_STEP_DONE && waypoint.getKind() == WaypointKind.WAYPOINT_KIND_PICKUP) {
      progress.setPickupCode(code);
    }
    connection.act(DriverAction.newBuilder().setTripProgress(progress));
  }

  private void setAvailability(DriverAvailability availability) {
    connection.act(DriverAction.newBuilder().setSetAvailability(SetAvailability.newBuilder().setAvailability(availability)));
  }

  /** Somebody types it; on a thread of its own, since reading waits. */
  private void askCode() {
    asksCode = true;
    code = "";
    System.out.println("pickup code?");
    Thread reader = new Thread(() -> {
      try {
        String line = input.readLine();
        connection.onLoop(() -> code = line == null ? "" : line.strip(), Duration.ZERO);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    });
    reader.setDaemon(true);
    reader.start();
  }

  private void onCommand(Command command) {
    switch (command.getCommandCase()) {
      case TRIP_OFFER -> reply(command.getTripOffer());
      case OFFER_WITHDRAWN -> {
        System.out.println("offer " + command.getOfferWithdrawn().getOfferId() + " withdrawn");
        if (command.getOfferWithdrawn().getTripId().equals(tripId) && !tripWasInPlan) {
          tripId = "";
        }
      }
      case TRIP_ASSIGNED -> {
        tripId = command.getTripAssigned().getTripId();
        asksCode = command.getTripAssigned().getPickupCodeRequired();
        System.out.println("assigned trip " + tripId + ": passenger " + command.getTripAssigned().getPassenger().getDisplayName());
      }
      case ROUTE_CHANGED -> follow(command.getRouteChanged());
      case TRIP_REMOVED -> endTrip(command.getTripRemoved().getTripId(), command.getTripRemoved().getState().name().replace("TRIP_STATE_", ""));
      default -> System.out.println("command " + command.getCommandCase());
    }
  }

  private void reply(TripOffer offer) {
    // A store that forgot may send an offer once more: it is for the same trip.
    boolean isAccepted = tripId.isEmpty() || tripId.equals(offer.getTripId());
    System.out.printf("offer %s trip %s: pickup %.0f m away, %s%n",
        offer.getOfferId(), offer.getTripId(), offer.getPickupDistanceMeters(), isAccepted ? "accepted" : "declined");
    OfferReply.Builder reply = OfferReply.newBuilder().setOfferId(offer.getOfferId()).setAccepted(isAccepted);
    if (isAccepted) {
      tripId = offer.getTripId();
      asksCode = offer.getPickupCodeRequired();
    } else {
      reply.setDeclineReason(DeclineReason.DECLINE_REASON_BUSY);
    }
    connection.act(DriverAction.newBuilder().setOfferReply(reply));
  }

  private void follow(RouteChanged plan) {
    waypoints = plan.getWaypointsList();
    String names = waypoints.stream().map(waypoint -> waypoint.getKind().name().replace("WAYPOINT_KIND_", "")).collect(Collectors.joining(" "));
    System.out.println("route plan " + plan.getRoutePlanVersion() + ": " + (names.isEmpty() ? "nowhere to go" : names));
    if (tripId.isEmpty() && !waypoints.isEmpty()) {
      tripId = waypoints.get(0).getTripId();
    }
    boolean isInPlan = waypoints.stream().anyMatch(waypoint -> waypoint.getTripId().equals(tripId));
    if (tripWasInPlan && !isInPlan) {
      endTrip(tripId, "not in the plan");
    }
    tripWasInPlan = isInPlan;
  }

  private void endTrip(String id, String how) {
    if (id.equals(tripId) && !isOver) {
      System.out.println("trip " + id + " is over: " + how);
      isOver = true;
    }
  }

  private void onResult(DriverAction action, com.google.rpc.Status result) {
    String name = action.hasTripProgress()
        ? action.getTripProgress().getStep().name().replace("WAYPOINT_STEP_", "")
        : action.getActionCase().name().toLowerCase();
    boolean isOk = result.getCode() == Status.Code.OK.value();
    System.out.println("action " + name + " answered " + (isOk ? "OK" : result.getMessage()));
    if (isOk) {
      return;
    }
    if (Backoff.detail(result, ErrorInfo.class).filter(info -> info.getReason().equals("WRONG_PICKUP_CODE")).isPresent()) {
      told = WaypointStep.WAYPOINT_STEP_ARRIVED;
      askCode();
    } else if (action.hasOfferReply()) {
      tripId = ""; // too late, or another driver was faster
    } else if (action.hasSetAvailability()) {
      isOver = true;
      isRefused = true; // for instance not in the directory: no offer would ever come
    }
  }
}
