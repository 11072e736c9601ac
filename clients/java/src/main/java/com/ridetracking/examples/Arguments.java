package com.ridetracking.examples;

import com.google.type.LatLng;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.TlsChannelCredentials;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/** The command line: {@code --name value}, and flags without a value. */
final class Arguments {
  private static final Set<String> FLAGS = Set.of("--tls", "--pickup-code");

  private final Map<String, String> values = new HashMap<>();

  Arguments(String[] args, Map<String, String> defaults) {
    values.putAll(defaults);
    values.putIfAbsent("--server", "127.0.0.1:5001");
    for (int i = 0; i < args.length; i++) {
      boolean isFlag = FLAGS.contains(args[i]);
      if (!isFlag && i + 1 == args.length) {
        throw new IllegalArgumentException(args[i] + " needs a value");
      }
      values.put(args[i], isFlag ? "" : args[++i]);
    }
  }

  boolean has(String name) {
    return values.containsKey(name);
  }

  String get(String name) {
    String value = values.get(name);
    if (value == null) {
      throw new IllegalArgumentException(name + " is needed");
    }
    return value;
  }

  /** From latitude,longitude. */
  LatLng place(String name) {
    String[] parts = get(name).split(",");
    return LatLng.newBuilder().setLatitude(Double.parseDouble(parts[0])).setLongitude(Double.parseDouble(parts[1])).build();
  }

  TokenSource tokens() {
    return new TokenSource(Path.of(get("--token-file")));
  }

  ManagedChannel openChannel() {
    return Grpc.newChannelBuilder(get("--server"), has("--tls") ? TlsChannelCredentials.create() : InsecureChannelCredentials.create())
        // Pings find a dead network within half a minute, also while nothing is sent.
        .keepAliveTime(20, TimeUnit.SECONDS)
        .keepAliveTimeout(10, TimeUnit.SECONDS)
        .build();
  }
}
