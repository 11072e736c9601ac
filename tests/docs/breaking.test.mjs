// tests/breaking.mjs on repositories made for it: it compares when there is a release, and never pretends to.
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { appendFileSync, cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { root } from "./markdown.mjs";

function repository(t) {
  const folder = mkdtempSync(join(tmpdir(), "breaking-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  for (const path of ["protos", "buf.yaml", "Directory.Build.props"]) cpSync(join(root, path), join(folder, path), { recursive: true });
  git(folder, "init", "-q");
  set(folder, "Directory.Build.props", /<Version>.*<\/Version>/, "<Version>0.1.0</Version>");
  commit(folder);
  return folder;
}

function git(folder, ...args) {
  execFileSync("git", ["-C", folder, "-c", "user.name=test", "-c", "user.email=test@example.com", ...args]);
}

function commit(folder) {
  git(folder, "add", "-A");
  git(folder, "commit", "-q", "-m", "test");
}

function set(folder, path, before, after) {
  const text = readFileSync(join(folder, path), "utf8");
  assert.notEqual(text.replace(before, after), text.replace(before, ""), `${path} has no ${before}`);
  writeFileSync(join(folder, path), text.replace(before, after));
}

function compare(folder) {
  const { status, stdout, stderr } = spawnSync("node", [join(root, "tests/breaking.mjs"), folder], { encoding: "utf8" });
  return { status, said: stdout + stderr };
}

const driver = "protos/ridetracking/v1/driver.proto";
const breakContract = (folder) => set(folder, driver, "uint32 protocol_version = 1;", "uint64 protocol_version = 1;");

test("without a release it says that nothing was compared", (t) => {
  const { status, said } = compare(repository(t));
  assert.match(said, /There is no tag v\* yet.*nothing was compared/);
  assert.equal(status, 0);
});

test("a contract that grows breaks nothing", (t) => {
  const folder = repository(t);
  git(folder, "tag", "v0.1.0");
  appendFileSync(join(folder, driver), "\nmessage Grown {}\n");
  const { status, said } = compare(folder);
  assert.match(said, /breaks nothing of v0\.1\.0/);
  assert.equal(status, 0);
});

test("a break fails, and is named", (t) => {
  const folder = repository(t);
  git(folder, "tag", "v0.1.0");
  breakContract(folder);
  const { status, said } = compare(folder);
  assert.match(said, /driver\.proto.*protocol_version.*uint32.*uint64/s);
  assert.equal(status, 1);
});

test("in 0.x a break passes with a new second number", (t) => {
  const folder = repository(t);
  git(folder, "tag", "v0.1.0");
  breakContract(folder);
  set(folder, "Directory.Build.props", "<Version>0.1.0<", "<Version>0.2.0<");
  const { status, said } = compare(folder);
  assert.match(said, /as 0\.2\.0 may/);
  assert.equal(status, 0);
});

test("from 1.0 on it does not", (t) => {
  const folder = repository(t);
  git(folder, "tag", "v0.9.0");
  git(folder, "tag", "v1.10.0");
  breakContract(folder);
  set(folder, "Directory.Build.props", "<Version>0.1.0<", "<Version>1.11.0<");
  const { status, said } = compare(folder);
  assert.match(said, /of v1\.10\.0, and 1\.11\.0 may not/);
  assert.equal(status, 1);
});

test("a clone without history does not pass for one without releases", (t) => {
  const folder = repository(t);
  git(folder, "tag", "v0.1.0");
  appendFileSync(join(folder, driver), "\n");
  commit(folder);
  const clone = join(folder, "clone");
  execFileSync("git", ["clone", "-q", "--depth", "1", "--no-tags", `file://${folder}`, clone]);
  const { status, said } = compare(clone);
  assert.match(said, /shallow/);
  assert.equal(status, 1);
});
