// One version and one licence for everything.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { root } from "./markdown.mjs";
import { program } from "./server.mjs";

const read = (path) => readFileSync(join(root, path), "utf8");

test("the server tells the version of Directory.Build.props", () => {
  const version = /<Version>([^<]+)<\/Version>/.exec(read("Directory.Build.props"))[1];
  const told = execFileSync(join(root, program), ["--version"], { encoding: "utf8" }).trim();
  assert.match(told, new RegExp(`^${version.replaceAll(".", "\\.")}(\\+[0-9a-f]+)?$`));
});

test("no other file of the repository has a version or a licence of its own", () => {
  const files = execFileSync("git", ["-C", root, "ls-files", "-co", "--exclude-standard", "*.csproj", "*.props", "*package.json"], { encoding: "utf8" }).trim().split("\n");
  for (const file of files) {
    if (file.endsWith("package.json")) assert.equal(JSON.parse(read(file)).license, "Apache-2.0", file);
    else if (file !== "Directory.Build.props") assert.doesNotMatch(read(file), /<(Version|VersionPrefix|AssemblyVersion|PackageLicenseExpression|Authors)>/, file);
  }
});
