// The real server, with a data folder of its own, on ports that the system chooses.
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { Child } from "./child.mjs";

const run = promisify(execFile);
const root = fileURLToPath(new URL("../..", import.meta.url));
const program = join(root, "src/RideTracking.Server/bin/Release/net10.0/RideTracking.Server.dll");

export class Server {
  folder = mkdtempSync(join(tmpdir(), "ride-tracking-languages-"));
  #process;

  async start() {
    this.#process = new Child("server", "dotnet", [
      program, "--environment", "Development", "--data", this.folder, "--bind", "127.0.0.1", "--grpc-port", "0", "--web-port", "0", "--management-port", "0",
      // Nobody follows a car before it has a trip: positions are wanted soon nevertheless.
      "--Reporting:Seldom:MovingInterval", "00:00:01", "--Reporting:Normal:MovingInterval", "00:00:01",
    ]);
    // The gRPC port is the first that it tells.
    this.address = (await this.#process.line(/Now listening on: http:\/\/(.*)$/))[1];
    await this.#process.line(/Application started/);
    return this;
  }

  /** Writes a token that may act for all of `ids` into a file and tells which. */
  async tokenFile(role, ids, ...more) {
    const { stdout } = await run("dotnet", [program, "token", "--role", role, ...ids.flatMap((id) => ["--id", id]), "--data", this.folder, ...more]);
    const file = join(this.folder, `${ids[0]}-${role}.token`);
    writeFileSync(file, stdout);
    return file;
  }

  /** Enters drivers, each with a vehicle, or riders, as the company's backend would. */
  async enter(ids, ...more) {
    const service = join(this.folder, "dev-service.token");
    await run("node", [join(root, "clients/node/directory.mjs"), "--server", this.address, "--token-file", service, "--id", ids.join(","), ...more]);
  }

  async stop() {
    this.#process.signal("SIGTERM");
    return await this.#process.end();
  }

  /** The sequences in the log of a driver, of a server that has stopped. */
  async loggedSequences(driverId) {
    const { stdout } = await run("dotnet", [program, "log", "--data", this.folder], { maxBuffer: 64 * 1024 * 1024 });
    return stdout.split("\n").map((line) => line.split(",")).filter(([driver]) => driver === driverId).map(([, , sequence]) => Number(sequence));
  }

  discard() {
    this.#process?.kill();
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }
}
