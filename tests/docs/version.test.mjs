// One version and one licence for everything.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
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

test("the .NET client and its contracts are packages with readme, licence and symbols", () => {
  const folder = mkdtempSync(join(tmpdir(), "ride-tracking-packages-"));
  try {
    for (const [project, id] of [["src/RideTracking.Contracts", "RideTracking.Contracts"], ["clients/dotnet", "RideTracking.Client"]]) {
      execFileSync("dotnet", ["pack", join(root, project), "-c", "Release", "--no-build", "-o", folder], { encoding: "utf8" });
      const version = /<Version>([^<]+)<\/Version>/.exec(read("Directory.Build.props"))[1];
      const unpacked = (name, file) => execFileSync("python3", ["-c", "import sys, zipfile; z = zipfile.ZipFile(sys.argv[1]); sys.stdout.write('\\n'.join(z.namelist()) if len(sys.argv) < 3 else z.read(sys.argv[2]).decode())", join(folder, name), ...(file ? [file] : [])], { encoding: "utf8" });
      const files = unpacked(`${id}.${version}.nupkg`).split("\n");
      for (const file of ["README.md", `lib/net10.0/${id}.dll`, `lib/net10.0/${id}.xml`]) assert.ok(files.includes(file), `${id} has no ${file}`);
      assert.ok(unpacked(`${id}.${version}.snupkg`).includes(`lib/net10.0/${id}.pdb`));
      const spec = unpacked(`${id}.${version}.nupkg`, `${id}.nuspec`);
      for (const part of ['<license type="expression">Apache-2.0</license>', "<readme>README.md</readme>", "<description>"]) assert.ok(spec.includes(part), `${id}: ${part}`);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});
