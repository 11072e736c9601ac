package com.ridetracking.examples;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.google.rpc.RetryInfo;
import com.google.rpc.Status;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;

/** Full jitter: between nothing and a bound that doubles with each failure, so that clients do not come back in waves. */
final class Backoff {
  static final Duration MAX = Duration.ofSeconds(15);
  private static final long INITIAL_MS = 250;

  private int failures;

  void reset() {
    failures = 0;
  }

  /** How long to wait. Those who were told the same time spread over as much time again. */
  Duration next(Duration told) {
    long bound = Math.min(INITIAL_MS << failures, MAX.toMillis());
    failures = Math.min(failures + 1, 30);
    double random = ThreadLocalRandom.current().nextDouble();
    return Duration.ofMillis((long) (told.isZero() ? bound * random : told.toMillis() * (1 + random)));
  }

  /** The wait that the server asked for; zero when it named none. */
  static Duration retryAfter(Status status) {
    return detail(status, RetryInfo.class).map(info -> toDuration(info.getRetryDelay())).orElse(Duration.ZERO);
  }

  /** The detail of that kind in a status that may be null. */
  static <T extends Message> Optional<T> detail(Status status, Class<T> kind) {
    if (status == null) {
      return Optional.empty();
    }
    for (Any any : status.getDetailsList()) {
      if (any.is(kind)) {
        try {
          return Optional.of(any.unpack(kind));
        } catch (InvalidProtocolBufferException e) {
          throw new IllegalStateException("The server sent a detail that cannot be read.", e);
        }
      }
    }
    return Optional.empty();
  }

  static Duration toDuration(com.google.protobuf.Duration duration) {
    return Duration.ofSeconds(duration.getSeconds(), duration.getNanos());
  }
}
