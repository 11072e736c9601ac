// Child processes whose printed lines are waited for.
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";

const running = new Set();

/** Ends what still runs, also when a test failed or the run was broken off. */
export function killAll() {
  for (const child of running) child.kill();
}

process.on("exit", killAll);
// Node 20 may loop for ever when it tidies up handles of children that were killed (Environment::CleanupHandles); this way it does not
// tidy up. After the test runner's own handler, which sets the exit code.
process.once("beforeExit", () => setImmediate(() => process.exit()));
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => process.exit(1));

export class Child {
  lines = [];
  exitCode = null;
  #process;
  #waiting = new Set();

  constructor(name, command, args, options = {}) {
    this.name = name;
    this.#process = spawn(command, args, { stdio: ["pipe", "pipe", "pipe"], ...options });
    running.add(this);
    // What was typed at a process that has just ended is lost, as it would be for a person.
    this.#process.stdin.on("error", () => {});
    const outputs = [this.#process.stdout, this.#process.stderr].map((stream) => {
      const lines = createInterface({ input: stream });
      lines.on("line", (line) => this.#heard(line));
      return new Promise((resolve) => lines.once("close", resolve));
    });
    /** Resolves to the exit code, after all lines were read. */
    this.exited = new Promise((resolve, reject) => {
      this.#process.once("error", reject); // for instance a tool that is not installed
      this.#process.once("exit", async (code, signal) => {
        await Promise.all(outputs);
        running.delete(this);
        this.exitCode = code ?? signal;
        for (const each of this.#waiting) each.ended();
        resolve(this.exitCode);
      });
    });
    // Who waits hears of it; nobody need wait.
    this.exited.catch((error) => this.#heard(`${error}`));
  }

  #heard(line) {
    this.lines.push(line);
    for (const each of this.#waiting) each.heard(line);
  }

  /** Resolves to the match of the first line that matches, said already or to come. */
  async line(pattern, { after = 0, timeoutMs = 60_000 } = {}) {
    for (const line of this.lines.slice(after)) {
      const match = line.match(pattern);
      if (match) return match;
    }
    if (this.exitCode !== null) throw new Error(`${this.name} ended with ${this.exitCode} without ${pattern}:\n${this}`);
    return await new Promise((resolve, reject) => {
      const done = (end, value) => {
        clearTimeout(timer);
        this.#waiting.delete(waiter);
        end(value);
      };
      const waiter = {
        heard: (line) => {
          const match = line.match(pattern);
          if (match) done(resolve, match);
        },
        ended: () => done(reject, new Error(`${this.name} ended with ${this.exitCode} without ${pattern}:\n${this}`)),
      };
      const timer = setTimeout(() => done(reject, new Error(`${this.name} did not say ${pattern} in ${timeoutMs} ms:\n${this}`)), timeoutMs);
      this.#waiting.add(waiter);
    });
  }

  /** The exit code, or an error with all that was said when it takes too long. */
  async end(timeoutMs = 60_000) {
    let timer;
    const late = new Promise((_, reject) => {
      timer = setTimeout(() => reject(new Error(`${this.name} did not end in ${timeoutMs} ms:\n${this}`)), timeoutMs);
    });
    try {
      return await Promise.race([this.exited, late]);
    } finally {
      clearTimeout(timer);
    }
  }

  type(text) {
    this.#process.stdin.write(`${text}\n`);
  }

  signal(name) {
    this.#process.kill(name);
  }

  kill() {
    this.#process.kill("SIGKILL");
  }

  toString() {
    return this.lines.map((line) => `  ${this.name}: ${line}`).join("\n");
  }
}
