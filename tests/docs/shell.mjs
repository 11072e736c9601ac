import { spawn } from "node:child_process";

/** One bash that is given lines as somebody would type them; what it started ends with it. */
export class Shell {
  #process;
  #out = "";
  #errors = "";
  #changed = () => {};
  #number = 0;

  constructor(folder) {
    this.#process = spawn("bash", ["--noprofile", "--norc"], { cwd: folder, detached: true });
    this.#process.stdout.setEncoding("utf8").on("data", (text) => this.#add(() => (this.#out += text)));
    this.#process.stderr.setEncoding("utf8").on("data", (text) => this.#add(() => (this.#errors += text)));
    this.#process.on("exit", () => this.#add(() => {}));
    this.#process.stdin.on("error", () => {});
  }

  /** Runs lines and answers what they printed, and the exit code of the last of them. */
  async run(lines, timeoutMs) {
    const end = `__end_${++this.#number}__`;
    this.#out = this.#errors = "";
    const late = AbortSignal.timeout(timeoutMs);
    this.#process.stdin.write(`${lines}\nprintf '\\n${end} %d\\n' $?\n`);
    for (;;) {
      const at = new RegExp(`\\n${end} (\\d+)\\n`).exec(this.#out);
      if (at) return { out: this.#out.slice(0, at.index), errors: this.#errors, code: Number(at[1]) };
      const said = `It had printed:\n${this.#out}\n${this.#errors}`;
      if (late.aborted) throw new Error(`The lines took more than ${timeoutMs / 1000} s. ${said}`);
      if (this.#process.exitCode !== null) throw new Error(`The shell ended with ${this.#process.exitCode}. ${said}`);
      await new Promise((resolve) => {
        this.#changed = resolve;
        late.addEventListener("abort", resolve, { once: true });
      });
    }
  }

  async end() {
    const closed = new Promise((resolve) => this.#process.once("close", resolve));
    try {
      process.kill(-this.#process.pid, "SIGKILL");
    } catch {
      return; // Nothing of it is left.
    }

    await closed;
  }

  #add(change) {
    change();
    this.#changed();
  }
}
