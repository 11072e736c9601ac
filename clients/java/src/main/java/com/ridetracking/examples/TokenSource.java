package com.ridetracking.examples;

import io.grpc.ClientInterceptor;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.stub.MetadataUtils;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Base64;
import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Where tokens come from: here a file that somebody keeps fresh, in an app the company's backend. */
final class TokenSource {
  private static final Metadata.Key<String> AUTHORIZATION = Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);
  // Others say that the call is wrong or not allowed: the same again would fail again.
  private static final Set<Status.Code> RETRIABLE = EnumSet.of(
      Status.Code.UNAVAILABLE, Status.Code.DEADLINE_EXCEEDED, Status.Code.RESOURCE_EXHAUSTED, Status.Code.ABORTED,
      Status.Code.INTERNAL, Status.Code.UNKNOWN, Status.Code.CANCELLED);
  // Enough of JSON for one number of a JWT; an app has a library for it.
  private static final Pattern END = Pattern.compile("\"exp\"\\s*:\\s*(\\d{1,15})");

  private final Path path;
  private String newest = "";

  TokenSource(Path path) {
    this.path = path;
  }

  String get() {
    try {
      newest = Files.readString(path).strip();
      return newest;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  String newest() {
    return newest;
  }

  ClientInterceptor authorize() {
    Metadata headers = new Metadata();
    headers.put(AUTHORIZATION, "Bearer " + get());
    return MetadataUtils.newAttachHeadersInterceptor(headers);
  }

  /** A token that was refused is worth a second call only when there is another one. */
  boolean mayTryAgain(Status status) {
    if (status.getCode() == Status.Code.UNAUTHENTICATED) {
      String refused = newest;
      return !get().equals(refused);
    }
    return RETRIABLE.contains(status.getCode());
  }

  /** When the newest token ends; empty for an opaque one: then the server says when, by closing the stream. */
  Optional<Instant> end() {
    String[] parts = newest.split("\\.");
    if (parts.length != 3) {
      return Optional.empty();
    }
    try {
      Matcher match = END.matcher(new String(Base64.getUrlDecoder().decode(parts[1]), StandardCharsets.UTF_8));
      return match.find() ? Optional.of(Instant.ofEpochSecond(Long.parseLong(match.group(1)))) : Optional.empty();
    } catch (IllegalArgumentException notBase64) {
      return Optional.empty();
    }
  }
}
