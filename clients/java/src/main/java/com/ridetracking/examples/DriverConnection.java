package com.ridetracking.examples;

import com.google.protobuf.Timestamp;
import com.google.rpc.ErrorInfo;
import com.ridetracking.v1.ActionResult;
import com.ridetracking.v1.Command;
import com.ridetracking.v1.CommandAck;
import com.ridetracking.v1.ConnectRequest;
import com.ridetracking.v1.ConnectResponse;
import com.ridetracking.v1.DriverAction;
import com.ridetracking.v1.DriverServiceGrpc;
import com.ridetracking.v1.Fix;
import com.ridetracking.v1.FixOutcome;
import com.ridetracking.v1.FixVerdict;
import com.ridetracking.v1.Heartbeat;
import com.ridetracking.v1.Hello;
import com.ridetracking.v1.LocationBatch;
import com.ridetracking.v1.ReportingPolicy;
import com.ridetracking.v1.StreamClosing;
import com.ridetracking.v1.TokenRefresh;
import com.ridetracking.v1.Welcome;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import java.util.function.Consumer;

/**
 * The driver's stream (docs/protocol.md): takes fixes and actions at any time and brings them to the server. All of it, and the
 * app's handlers, run on one thread, the loop: so there are no locks.
 *
 * <p>The buffer is in memory and dies with the process, and the session's and device's names with it. An app that goes on after a
 * restart stores both names, the fixes, the actions, the attempt and the last command together in one file or database.
 */
final class DriverConnection {
  private static final int MAX_BATCH = 500; // the contract's
  private static final int MAX_FIXES = 10_000; // some three hours of one fix a second; when full the oldest is dropped and counted
  private static final int MAX_ACTIONS = 100; // when full, act throws: an answer to an offer must not be dropped silently
  private static final Duration WELCOME_TIMEOUT = Duration.ofSeconds(10);
  private static final Duration CLOSING_TIMEOUT = Duration.ofSeconds(10);
  private static final Duration NORMAL_HEARTBEAT = Duration.ofSeconds(15);

  /** What was done so far. */
  static final class Counts {
    int sent;
    int resent;
    int acknowledged;
    int dropped;
    int acted;
    int answered;
  }

  final Counts counts = new Counts();

  private final ManagedChannel channel;
  private final String driverId;
  private final TokenSource tokens;
  private final ScheduledExecutorService loop;
  private final Consumer<Command> onCommand;
  private final BiConsumer<DriverAction, com.google.rpc.Status> onResult;
  private final CompletableFuture<String> ended = new CompletableFuture<>();

  private final String sessionId = UUID.randomUUID().toString();
  private final String deviceId = UUID.randomUUID().toString();
  private final Deque<Fix> fixes = new ArrayDeque<>(); // not acknowledged, oldest first
  private final Deque<DriverAction> actions = new ArrayDeque<>(); // not answered, oldest first
  private final Backoff backoff = new Backoff();
  private long attempt;
  private long lastSequence;
  private long highestSent;
  private long lastCommand; // the last one that was done
  private long routePlanVersion;
  private ReportingPolicy policy = ReportingPolicy.getDefaultInstance();
  private CompletableFuture<Void> flushed; // null while nobody asked
  private Stream stream;

  DriverConnection(ManagedChannel channel, String driverId, TokenSource tokens, ScheduledExecutorService loop,
      Consumer<Command> onCommand, BiConsumer<DriverAction, com.google.rpc.Status> onResult) {
    this.channel = channel;
    this.driverId = driverId;
    this.tokens = tokens;
    this.loop = loop;
    this.onCommand = onCommand;
    this.onResult = onResult;
  }

  /** Completes with why the app must not come back, or with the exception by which the server refuses the driver. */
  CompletableFuture<String> run() {
    onLoop(this::connect, Duration.ZERO);
    return ended;
  }

  /** Runs on the loop. What goes wrong in there ends the run: an executor would keep it to itself. */
  Future<?> onLoop(Runnable task, Duration delay) {
    return loop.schedule(() -> {
      try {
        task.run();
      } catch (RuntimeException | Error e) {
        ended.completeExceptionally(e);
      }
    }, delay.toNanos(), TimeUnit.NANOSECONDS);
  }

  /** How often to report; the newest holds. */
  ReportingPolicy policy() {
    return policy;
  }

  void report(Fix.Builder fix) {
    if (fixes.size() == MAX_FIXES) {
      fixes.removeFirst();
      counts.dropped++;
    }
    fixes.addLast(fix.setSequence(++lastSequence).build());
    pump();
  }

  /** The action's id makes repeats harmless: the server answers them alike. */
  void act(DriverAction.Builder action) {
    if (actions.size() == MAX_ACTIONS) {
      throw new IllegalStateException(MAX_ACTIONS + " actions wait already");
    }
    Instant now = Instant.now();
    actions.addLast(action.setActionId(UUID.randomUUID().toString())
        .setOccurredAt(Timestamp.newBuilder().setSeconds(now.getEpochSecond()).setNanos(now.getNano())).build());
    counts.acted++;
    pump();
  }

  /** Completes when the server has everything. Acknowledgements are lazy: the newest fix goes once more and asks for one. */
  CompletableFuture<Void> flush() {
    flushed = new CompletableFuture<>();
    if (stream != null && !fixes.isEmpty()) {
      stream.sentThrough = Math.min(stream.sentThrough, fixes.getLast().getSequence() - 1);
    }
    completeFlush();
    pump();
    return flushed;
  }

  private void completeFlush() {
    if (flushed != null && fixes.isEmpty() && actions.isEmpty()) {
      flushed.complete(null);
    }
  }

  private void connect() {
    stream = new Stream();
    // The channel would wait for up to two minutes by itself; how long to wait is decided here.
    channel.resetConnectBackoff();
    DriverServiceGrpc.newStub(channel).withInterceptors(tokens.authorize()).connect(stream);
    stream.call.onNext(ConnectRequest.newBuilder().setHello(Hello.newBuilder()
        .setProtocolVersion(1).setDriverId(driverId).setSessionId(sessionId).setDeviceId(deviceId).setAppVersion("example-java")
        .setLastCommandSequence(lastCommand).setRoutePlanVersion(routePlanVersion)
        .setSentAtUnixMs(System.currentTimeMillis()).setConnectionAttempt(++attempt)).build());
  }

  /** A stream ended: come back, or not. Null when the server ended it in good order. */
  private void streamEnded(Stream old, Throwable error) {
    old.deadline.cancel(false);
    old.timer.cancel(false);
    stream = null;
    if (old.closing != null && !old.closing.getMayReconnect()) {
      ended.complete(old.closing.getReason().name().replace("STREAM_CLOSING_REASON_", ""));
      return;
    }
    com.google.rpc.Status details = error == null ? null : StatusProto.fromThrowable(error);
    Backoff.detail(details, ErrorInfo.class).filter(info -> info.getReason().equals("CONNECTION_ATTEMPT_PASSED"))
        .ifPresent(info -> attempt = Long.parseLong(info.getMetadataOrThrow("last_connection_attempt")));
    Status status = error == null ? Status.OK : Status.fromThrowable(error);
    if (error != null && old.closing == null && !tokens.mayTryAgain(status)) {
      ended.completeExceptionally(new StatusRuntimeException(status));
      return;
    }
    // A stream that held for a while ends a row of failures; one that broke at once is one more.
    if (System.nanoTime() - old.beganAt > Backoff.MAX.toNanos()) {
      backoff.reset();
    }
    Duration wait = backoff.next(old.closing != null ? Backoff.toDuration(old.closing.getRetryAfter()) : Backoff.retryAfter(details));
    String why = error == null ? "the server ended the stream" : status.getCode() + " " + status.getDescription();
    System.out.printf("lost: %s; again in %.2f s%n", why, wait.toMillis() / 1000.0);
    onLoop(this::connect, wait);
  }

  private void receive(ConnectResponse response) {
    if (response.hasFixAck()) {
      acknowledge(response.getFixAck().getThroughSequence(), response.getFixAck().getVerdictsList());
    }
    switch (response.getMessageCase()) {
      case WELCOME -> welcome(response.getWelcome());
      case RESEND_AFTER -> {
        stream.sentThrough = response.getResendAfter().getSequence();
        stream.resentAfter = stream.sentThrough;
      }
      case ACTION_RESULT -> answer(response.getActionResult());
      case REPORTING_POLICY -> policy = response.getReportingPolicy();
      case COMMAND -> handle(response.getCommand());
      case TOKEN_ACCEPTED -> System.out.println("token accepted");
      case STREAM_CLOSING -> {
        // Nothing that is still sent counts: close this side and hear the call's status.
        stream.closing = response.getStreamClosing();
        stream.isOpen = false;
        System.out.println("closing: " + stream.closing.getReason().name().replace("STREAM_CLOSING_REASON_", ""));
        stream.call.onCompleted();
        stream.cancelAfter(CLOSING_TIMEOUT, "the server did not end the stream");
      }
      default -> { } // only an acknowledgement, or what a newer server says
    }
    completeFlush();
    pump();
  }

  private void welcome(Welcome welcome) {
    stream.deadline.cancel(false);
    if (welcome.hasResumeAfterSequence()) {
      stream.sentThrough = welcome.getResumeAfterSequence();
      acknowledge(welcome.getResumeAfterSequence(), welcome.getVerdictsList());
    } else {
      // The log cannot be read now: from the oldest fix that was never acknowledged, and say so.
      stream.sentThrough = fixes.isEmpty() ? lastSequence : fixes.getFirst().getSequence() - 1;
      stream.resentAfter = stream.sentThrough;
    }
    policy = welcome.getReportingPolicy();
    stream.serverClockOffset = Duration.between(Instant.now(),
        Instant.ofEpochSecond(welcome.getServerTime().getSeconds(), welcome.getServerTime().getNanos()));
    stream.scheduleRefresh();
    stream.isOpen = true;
    System.out.printf("connected: attempt %d, vehicle %s, fixes from %d%n",
        attempt, welcome.getVehicleId().isEmpty() ? "none" : welcome.getVehicleId(), stream.sentThrough + 1);
    if (welcome.hasRoutePlan()) {
      deliver(Command.newBuilder().setRouteChanged(welcome.getRoutePlan()).build());
    }
  }

  private void acknowledge(long through, List<FixVerdict> verdicts) {
    while (!fixes.isEmpty() && fixes.getFirst().getSequence() <= through) {
      fixes.removeFirst();
      counts.acknowledged++;
    }
    for (FixVerdict verdict : verdicts) {
      if (verdict.getOutcome() == FixOutcome.FIX_OUTCOME_REJECTED) {
        System.out.printf("fix %d %s: %f with a limit of %f%n", verdict.getSequence(), verdict.getReason(), verdict.getMeasured(), verdict.getLimit());
      }
    }
  }

  private void answer(ActionResult result) {
    if (actions.isEmpty() || !actions.getFirst().getActionId().equals(result.getActionId())) {
      return; // answered before: a repeat
    }
    stream.isActionInFlight = false;
    if (result.getStatus().getCode() == Status.Code.UNAVAILABLE.value()) {
      // Not yet. Those behind it wait, too, and so keep their order.
      Duration told = Backoff.retryAfter(result.getStatus());
      stream.nextActionAt = System.nanoTime() + new Backoff().next(told.isZero() ? Duration.ofMillis(500) : told).toNanos();
      return;
    }
    counts.answered++;
    onResult.accept(actions.removeFirst(), result.getStatus());
  }

  private void handle(Command command) {
    if (command.getSequence() <= lastCommand) {
      return;
    }
    boolean isKnown = command.getCommandCase() != Command.CommandCase.COMMAND_NOT_SET;
    if (isKnown) {
      deliver(command);
    }
    // Only now: an app that dies before is sent the command again.
    lastCommand = command.getSequence();
    stream.ack = (stream.ack == null ? CommandAck.newBuilder() : stream.ack).setThroughSequence(lastCommand);
    if (!isKnown) {
      stream.ack.addUnsupportedSequences(lastCommand);
    }
  }

  private void deliver(Command command) {
    if (command.hasRouteChanged()) {
      // The plan comes in Welcome and as a command: only a newer one replaces it.
      if (command.getRouteChanged().getRoutePlanVersion() <= routePlanVersion) {
        return;
      }
      routePlanVersion = command.getRouteChanged().getRoutePlanVersion();
    }
    onCommand.accept(command);
  }

  /** Writes what is due, as long as the transport takes it, and sets a timer for what will be. */
  private void pump() {
    if (stream == null || !stream.isOpen) {
      return;
    }
    Duration interval = policy.hasHeartbeatInterval() ? Backoff.toDuration(policy.getHeartbeatInterval()) : NORMAL_HEARTBEAT;
    long heartbeatNanos = interval.toNanos() / 5 * 4;
    while (stream.call.isReady()) {
      ConnectRequest message = nextMessage(stream.wroteAt + heartbeatNanos);
      if (message == null) {
        break;
      }
      stream.call.onNext(message);
      stream.wroteAt = System.nanoTime();
    }
    long now = System.nanoTime();
    long due = Math.min(stream.wroteAt + heartbeatNanos - now, stream.refreshAt - now);
    if (!actions.isEmpty() && !stream.isActionInFlight) {
      due = Math.min(due, stream.nextActionAt - now);
    }
    stream.timer.cancel(false);
    stream.timer = onLoop(this::pump, Duration.ofNanos(Math.max(due, 10_000_000)));
  }

  /** The most urgent first. */
  private ConnectRequest nextMessage(long heartbeatAt) {
    long now = System.nanoTime();
    if (now - stream.refreshAt >= 0) {
      stream.refresh();
    }
    ConnectRequest.Builder message = ConnectRequest.newBuilder();
    if (stream.newToken != null) {
      message.setTokenRefresh(TokenRefresh.newBuilder().setToken(stream.newToken));
      stream.newToken = null;
      return message.build();
    }
    if (!actions.isEmpty() && !stream.isActionInFlight && now - stream.nextActionAt >= 0) {
      stream.isActionInFlight = true;
      return message.setAction(actions.getFirst()).build();
    }
    if (stream.ack != null) {
      message.setCommandAck(stream.ack);
      stream.ack = null;
      return message.build();
    }
    List<Fix> batch = fixes.stream().filter(fix -> fix.getSequence() > stream.sentThrough).limit(MAX_BATCH).toList();
    if (!batch.isEmpty()) {
      return message.setLocations(locations(batch)).build();
    }
    return now - heartbeatAt >= 0 ? message.setHeartbeat(Heartbeat.newBuilder().setBufferedFixCount(fixes.size())).build() : null;
  }

  private LocationBatch.Builder locations(List<Fix> batch) {
    LocationBatch.Builder locations =
        LocationBatch.newBuilder().setSentAtUnixMs(System.currentTimeMillis()).addAllFixes(batch).setAckRequested(flushed != null);
    if (stream.resentAfter != null) {
      locations.setResentAfterSequence(stream.resentAfter);
      stream.resentAfter = null;
    }
    int again = (int) batch.stream().filter(fix -> fix.getSequence() <= highestSent).count();
    counts.resent += again;
    counts.sent += batch.size() - again;
    stream.sentThrough = batch.get(batch.size() - 1).getSequence();
    highestSent = Math.max(highestSent, stream.sentThrough);
    return locations;
  }

  /** What belongs to one stream only. gRPC's threads hand over to the loop, one message at a time, so that none pile up. */
  private final class Stream implements ClientResponseObserver<ConnectRequest, ConnectResponse> {
    final long beganAt = System.nanoTime();
    ClientCallStreamObserver<ConnectRequest> call;
    boolean isOpen;
    long sentThrough;
    Long resentAfter;
    boolean isActionInFlight;
    long nextActionAt = System.nanoTime();
    CommandAck.Builder ack;
    String newToken;
    long wroteAt = System.nanoTime();
    long refreshAt;
    Duration serverClockOffset; // the server's clock less this one
    StreamClosing closing;
    Future<?> deadline = CompletableFuture.completedFuture(null);
    Future<?> timer = CompletableFuture.completedFuture(null);

    @Override
    public void beforeStart(ClientCallStreamObserver<ConnectRequest> call) {
      this.call = call;
      call.disableAutoRequestWithInitial(1);
      call.setOnReadyHandler(() -> onLoop(DriverConnection.this::pump, Duration.ZERO));
      cancelAfter(WELCOME_TIMEOUT, "the server did not welcome the stream in time");
    }

    @Override
    public void onNext(ConnectResponse response) {
      onLoop(() -> {
        receive(response);
        call.request(1);
      }, Duration.ZERO);
    }

    @Override
    public void onError(Throwable error) {
      onLoop(() -> streamEnded(this, error), Duration.ZERO);
    }

    @Override
    public void onCompleted() {
      onLoop(() -> streamEnded(this, null), Duration.ZERO);
    }

    void cancelAfter(Duration wait, String why) {
      deadline.cancel(false);
      deadline = onLoop(() -> call.cancel(why, null), wait);
    }

    /** At four fifths of what is left of the token, by the server's clock, since the phone's may be wrong. */
    void scheduleRefresh() {
      Duration wait = tokens.end().map(end -> Duration.between(Instant.now().plus(serverClockOffset), end).multipliedBy(4).dividedBy(5))
          .orElse(Duration.ofDays(365));
      refreshAt = System.nanoTime() + Math.max(wait.toNanos(), 1_000_000_000);
    }

    void refresh() {
      String before = tokens.newest();
      try {
        String token = tokens.get();
        newToken = token.equals(before) ? null : token;
      } catch (UncheckedIOException e) {
        System.out.println("no new token: " + e.getMessage()); // the old one still holds; asked again
      }
      scheduleRefresh();
    }
  }
}
