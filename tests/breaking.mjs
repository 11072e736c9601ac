// Compares the contract with the last release's (`buf breaking` against the last tag `v*` behind HEAD), and says so plainly when
// there is none. Exits with 1 when something breaks that may not; what may when: docs/compatibility.md.
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = join(dirname(fileURLToPath(import.meta.url)), "..");
const root = process.argv[2] ?? here;
const git = (...args) => execFileSync("git", ["-C", root, ...args], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();

function isRepository() {
  try {
    return git("rev-parse", "--is-inside-work-tree") === "true";
  } catch {
    return false;
  }
}

function end(message, code) {
  (code === 0 ? console.log : console.error)(message);
  process.exit(code);
}

if (!isRepository()) end("Not a Git repository, so there is no release to compare the contract with: nothing was compared.", 0);
const tag = git("tag", "--list", "v[0-9]*", "--merged", "HEAD", "--sort=-v:refname").split("\n")[0];
if (!tag) {
  if (git("rev-parse", "--is-shallow-repository") === "true") {
    end("This clone is shallow and has no tag v*, so the last release is not known: git fetch --unshallow --tags", 1);
  }
  end("There is no tag v* yet, so there is no release to compare the contract with: nothing was compared.", 0);
}

const numbers = (version) => version.split(/[.+-]/).map(Number);
const [major, minor] = numbers(tag.slice(1));
const now = /<Version>([^<]+)<\/Version>/.exec(readFileSync(join(root, "Directory.Build.props"), "utf8"))[1];
const [nowMajor, nowMinor] = numbers(now);
const mayBreak = major === 0 && (nowMajor > 0 || nowMinor > minor);

const before = mkdtempSync(join(tmpdir(), "contract-"));
process.on("exit", () => rmSync(before, { recursive: true, force: true }));
const archive = execFileSync("git", ["-C", root, "archive", tag, "buf.yaml", "protos"], { maxBuffer: 1 << 28 });
execFileSync("tar", ["-x", "-C", before], { input: archive });
const buf = spawnSync(join(here, "clients/typescript/node_modules/.bin/buf"), ["breaking", root, "--against", before], { encoding: "utf8" });
if (buf.error) end(`buf did not run: ${buf.error.message} (npm ci --prefix clients/typescript)`, 1);
const found = buf.stdout + buf.stderr;
if (buf.status === 0) console.log(`The contract breaks nothing of ${tag}.`);
else if (buf.status !== 100) end(`buf failed (exit ${buf.status}):\n${found}`, 1);
else if (mayBreak) console.log(`The contract breaks what follows of ${tag}, as ${now} may; each needs a line in CHANGELOG.md:\n${found}`);
else end(`The contract breaks what follows of ${tag}, and ${now} may not (docs/compatibility.md):\n${found}`, 1);
