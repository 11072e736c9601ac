// A server that does what a test tells it, for what the real one does only on bad days.
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { services } from "../../clients/node/common.mjs";

const require = createRequire(new URL("../../clients/node/package.json", import.meta.url));
const grpc = require("@grpc/grpc-js");
const rpc = require("@grpc/proto-loader").loadSync(
  ["google/rpc/status.proto", "google/rpc/error_details.proto"], { includeDirs: [fileURLToPath(new URL("../../protos", import.meta.url))], longs: Number });

/** A `google.rpc.Status` with one detail, as a message holds it. */
export function statusWith(code, message, kind, detail) {
  return { code, message, details: [{ type_url: `type.googleapis.com/google.rpc.${kind}`, value: rpc[`google.rpc.${kind}`].serialize(detail) }] };
}

export class ScriptedServer {
  #server = new grpc.Server();
  #streams = [];
  #waiting = [];
  onRequestTrip = () => {};
  onWatchTrip = () => {};

  /** With `{ private_key, cert_chain }` over TLS. */
  async start(keyPair) {
    this.#server.addService(services.DriverService.service, {
      connect: (call) => {
        const stream = new Stream(call);
        if (this.#waiting.length > 0) this.#waiting.shift()(stream);
        else this.#streams.push(stream);
      },
    });
    this.#server.addService(services.RiderService.service, {
      requestTrip: (call, answer) => this.onRequestTrip(call.request, (error, response) => answer(error && refusal(error), response)),
      watchTrip: (call) => this.onWatchTrip(call),
    });
    const security = keyPair ? grpc.ServerCredentials.createSsl(null, [keyPair]) : grpc.ServerCredentials.createInsecure();
    const port = await promisify(this.#server.bindAsync.bind(this.#server))("127.0.0.1:0", security);
    this.address = `127.0.0.1:${port}`;
    return this;
  }

  /** The next stream, with its Hello. */
  async stream() {
    const stream = this.#streams.shift() ?? (await within(20_000, "no stream was opened", (resolve) => this.#waiting.push(resolve)));
    stream.hello = (await stream.next("hello")).hello;
    return stream;
  }

  stop() {
    this.#server.forceShutdown();
  }
}

class Stream {
  openedAt = performance.now();
  #call;
  #received = [];
  #wake = () => {};
  #isOver = false;

  constructor(call) {
    this.#call = call;
    call.on("data", (message) => {
      this.#received.push(message);
      this.#wake();
    });
    for (const over of ["end", "error", "cancelled"])
      call.on(over, () => {
        this.#isOver = true;
        this.#wake();
      });
  }

  /** The next message of that kind for which `matches` holds; those before it are skipped. */
  async next(kind, matches = () => true) {
    return await within(20_000, `no ${kind} came`, (resolve, reject) => {
      this.#wake = () => {
        while (this.#received.length > 0) {
          const message = this.#received.shift();
          if (message.message === kind && matches(message[kind])) return resolve(message);
        }
        if (this.#isOver) reject(new Error(`the stream ended without ${kind}`));
      };
      this.#wake();
    });
  }

  send(message) {
    this.#call.write(message);
  }

  /** Resolves when the app has closed its side. */
  async closed() {
    await within(20_000, "the app did not close its side", (resolve) => {
      this.#wake = () => {
        this.#received.length = 0;
        if (this.#isOver) resolve();
      };
      this.#wake();
    });
  }

  end() {
    this.#call.end();
  }

  refuse(status) {
    this.#call.emit("error", refusal(status));
  }
}

/** A `google.rpc.Status` as the error of a call. */
function refusal(status) {
  const metadata = new grpc.Metadata();
  metadata.set("grpc-status-details-bin", rpc["google.rpc.Status"].serialize(status));
  return { code: status.code, details: status.message, metadata };
}

function within(timeoutMs, failure, start) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`${failure} in ${timeoutMs} ms`)), timeoutMs);
    start(
      (value) => {
        clearTimeout(timer);
        resolve(value);
      },
      (error) => {
        clearTimeout(timer);
        reject(error);
      });
  });
}
