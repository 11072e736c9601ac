// Makes the package ready for who uses it from this folder: installs what it is built with, if that is missing or older than
// the lock file, and builds it. `npm ci` in another folder installs nothing here, and hooks of dependencies may be switched off.
import { spawnSync } from "node:child_process";
import { existsSync, statSync } from "node:fs";
import { fileURLToPath } from "node:url";

const folder = fileURLToPath(new URL("..", import.meta.url));
const changedAt = (name) => (existsSync(folder + name) ? statSync(folder + name).mtimeMs : 0);

function npm(...args) {
  const { status, error } = spawnSync("npm", [...args, "--prefix", folder], { cwd: folder, stdio: "inherit", shell: process.platform === "win32" });
  if (error !== undefined) throw error;
  if (status !== 0) process.exit(status ?? 1);
}

if (changedAt("node_modules/.package-lock.json") < changedAt("package-lock.json")) npm("ci", "--no-audit", "--no-fund");
npm("run", "--silent", process.argv[2] ?? "build");
