// What the examples share: arguments, the contract, the channel, tokens, and what an error says about trying again.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import grpc from "@grpc/grpc-js";
import protoLoader from "@grpc/proto-loader";

// The contract is read as it is: no code is generated. Fields get camelCase names; enums are their names; an unset message is null,
// an unset optional field undefined. Sequences stay below 2^53 by contract, so that a number holds them.
const contract = protoLoader.loadSync(
  ["ridetracking/v1/driver.proto", "ridetracking/v1/rider.proto", "ridetracking/v1/directory.proto", "google/rpc/status.proto", "google/rpc/error_details.proto"],
  { includeDirs: [fileURLToPath(new URL("../../protos", import.meta.url))], keepCase: false, longs: Number, enums: String, defaults: true, oneofs: true });
export const services = grpc.loadPackageDefinition(contract).ridetracking.v1;

export const status = grpc.status;

// Others say that the call is wrong or not allowed: the same again would fail again.
const retriable = new Set([status.UNAVAILABLE, status.DEADLINE_EXCEEDED, status.RESOURCE_EXHAUSTED, status.ABORTED, status.INTERNAL, status.UNKNOWN, status.CANCELLED]);

/** Arguments that all examples take, and `more`, as `util.parseArgs` wants them. */
export function parseArguments(more = {}) {
  const { values } = parseArgs({
    options: {
      server: { type: "string", default: "127.0.0.1:5001" }, // host:port
      id: { type: "string" }, // the driver's or rider's id
      "token-file": { type: "string" }, // holds the bearer token; read again for each new one
      tls: { type: "boolean", default: false }, // without it HTTP/2 in the clear
      ...more,
    },
  });
  if (!values.id || !values["token-file"]) throw new Error("--id and --token-file are needed");
  return values;
}

export function parsePlace(text) {
  const [latitude, longitude] = text.split(",").map(Number);
  if (!Number.isFinite(latitude) || !Number.isFinite(longitude)) throw new Error(`"${text}" is no latitude,longitude`);
  return { latitude, longitude };
}

export function openClient(Service, args) {
  return new Service(args.server, args.tls ? grpc.credentials.createSsl() : grpc.credentials.createInsecure(), {
    // Pings find a dead network within half a minute, also while nothing is sent.
    "grpc.keepalive_time_ms": 20_000,
    "grpc.keepalive_timeout_ms": 10_000,
    // How long to wait after a failure is decided here and not in the channel, which would go up to two minutes.
    "grpc.initial_reconnect_backoff_ms": 100,
    "grpc.max_reconnect_backoff_ms": 1_000,
  });
}

/** Where tokens come from: here a file that somebody keeps fresh, in an app the company's backend. */
export class TokenSource {
  newest = "";
  #path;

  constructor(path) {
    this.#path = path;
  }

  get() {
    return (this.newest = readFileSync(this.#path, "utf8").trim());
  }

  metadata() {
    const metadata = new grpc.Metadata();
    metadata.set("authorization", `Bearer ${this.get()}`);
    return metadata;
  }

  /** A token that was refused is worth a second call only when there is another one. */
  mayTryAgain(error) {
    if (error.code !== status.UNAUTHENTICATED) return retriable.has(error.code);
    const refused = this.newest;
    return this.get() !== refused;
  }
}

/** When a token ends, in seconds since 1970; undefined when it does not tell. */
export function tokenEnd(token) {
  const parts = token.split(".");
  if (parts.length !== 3) return undefined;
  try {
    const { exp } = JSON.parse(Buffer.from(parts[1], "base64url").toString());
    return Number.isFinite(exp) ? exp : undefined;
  } catch (error) {
    // An opaque token: the server says when it ends, by closing the stream.
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** Full jitter: between nothing and a bound that doubles with each failure, so that clients do not come back in waves. */
export class Backoff {
  static maxSeconds = 15;
  #failures = 0;

  reset() {
    this.#failures = 0;
  }

  /** Seconds to wait. Those who were told the same time spread over as much time again. */
  next(toldSeconds) {
    const bound = Math.min(0.25 * 2 ** this.#failures, Backoff.maxSeconds);
    this.#failures = Math.min(this.#failures + 1, 30);
    return toldSeconds ? toldSeconds * (1 + Math.random()) : bound * Math.random();
  }
}

/** The `google.rpc.Status` that came with an error, if any. */
export function statusOf(error) {
  const [bytes] = error?.metadata?.get("grpc-status-details-bin") ?? [];
  return bytes ? contract["google.rpc.Status"].deserialize(bytes) : null;
}

/** The detail of that kind ("RetryInfo", "ErrorInfo", …) in a `google.rpc.Status`, or undefined. */
export function detail(rpcStatus, kind) {
  const any = rpcStatus?.details.find(({ type_url }) => type_url.endsWith(`/google.rpc.${kind}`));
  return any && contract[`google.rpc.${kind}`].deserialize(any.value);
}

export function retryAfterSeconds(rpcStatus) {
  return seconds(detail(rpcStatus, "RetryInfo")?.retryDelay);
}

/** A Duration or Timestamp in seconds; undefined for none. */
export function seconds(value) {
  return value ? value.seconds + value.nanos / 1e9 : undefined;
}
