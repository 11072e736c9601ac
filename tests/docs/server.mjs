import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { root } from "./markdown.mjs";

/** The server's program, as the page and the tests start it. */
export const program = "src/RideTracking.Server/bin/Release/net10.0/RideTracking.Server";

export async function freePorts(count) {
  const servers = await Promise.all(Array.from({ length: count }, () => new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => resolve(server));
  })));
  const ports = servers.map((server) => server.address().port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

/** A development server on free ports, in a folder of its own. */
export class Server {
  static async start() {
    const folder = mkdtempSync(join(tmpdir(), "docs-"));
    const [grpcPort, webPort] = await freePorts(2);
    const options = ["--environment", "Development", "--grpc-port", grpcPort, "--web-port", webPort, "--management-port", 0, "--data", folder];
    const process = spawn(join(root, program), options.map(String), { stdio: ["ignore", "pipe", "pipe"] });
    let said = "";
    await new Promise((resolve, reject) => {
      for (const stream of [process.stdout, process.stderr]) {
        stream.setEncoding("utf8").on("data", (text) => {
          said += text;
          if (said.includes("Application started")) resolve();
        });
      }
      process.on("exit", (code) => reject(new Error(`The server ended with ${code}:\n${said}`)));
      process.on("error", reject);
    });
    return new Server(process, folder, `http://127.0.0.1:${webPort}`);
  }

  constructor(process, folder, url) {
    Object.assign(this, { process, folder, url });
  }

  token(role, id) {
    const { status, stdout, stderr } = spawnSync(join(root, program), ["token", "--role", role, "--id", id, "--data", this.folder], { encoding: "utf8" });
    if (status !== 0) throw new Error(stderr);
    return stdout.trim();
  }

  /**
   * Sends messages over gRPC-Web, closes its side, and answers the status and what its details say; of a stream that answers at
   * all, status 0. A silent one ends by its deadline.
   */
  async call(method, messages, token) {
    const abort = new AbortController();
    const response = await fetch(`${this.url}/${method}`, {
      method: "POST",
      headers: { "content-type": "application/grpc-web+proto", "grpc-timeout": "15S", ...(token && { authorization: `Bearer ${token}` }) },
      body: Buffer.concat(messages.map((message) => Buffer.concat([frameHead(message.length), message]))),
      signal: abort.signal,
    });
    try {
      return response.headers.has("grpc-status") ? statusOf(response.headers) : await firstOf(response);
    } finally {
      abort.abort();
    }
  }

  async end() {
    const ended = new Promise((resolve) => this.process.on("close", resolve));
    this.process.kill("SIGKILL");
    await ended;
    rmSync(this.folder, { recursive: true, force: true });
  }
}

function frameHead(length) {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(length, 1);
  return head;
}

async function firstOf(response) {
  let bytes = Buffer.alloc(0);
  for await (const chunk of response.body) {
    bytes = Buffer.concat([bytes, chunk]);
    if (bytes[0] === 0) return { status: 0, details: "" };
    if (bytes.length >= 5 && bytes.length >= 5 + bytes.readUInt32BE(1)) {
      const trailers = bytes.subarray(5).toString().split("\r\n").filter(Boolean).map((line) => [line.slice(0, line.indexOf(":")).toLowerCase(), line.slice(line.indexOf(":") + 1).trim()]);
      return statusOf(new Map(trailers));
    }
  }
  throw new Error(`No answer: HTTP ${response.status}`);
}

function statusOf(trailers) {
  return { status: Number(trailers.get("grpc-status")), details: Buffer.from(trailers.get("grpc-status-details-bin") ?? "", "base64").toString("latin1"), message: trailers.get("grpc-message") };
}
