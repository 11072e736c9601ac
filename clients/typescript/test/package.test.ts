import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** An app that has the package as npm would install it, next to what it depends on. */
function appWithPackage(): string {
  const app = mkdtempSync(join(root, ".test-build", "app-"));
  const [packed] = JSON.parse(execFileSync("npm", ["pack", "--json", "--ignore-scripts", "--pack-destination", app], { cwd: root, encoding: "utf8" })) as [{ filename: string }];
  const installed = join(app, "node_modules", "@ride-tracking", "client");
  mkdirSync(installed, { recursive: true });
  execFileSync("tar", ["-xzf", join(app, packed.filename), "-C", installed, "--strip-components=1"]);
  for (const scope of ["@bufbuild", "@connectrpc"]) symlinkSync(join(root, "node_modules", scope), join(app, "node_modules", scope));
  writeFileSync(join(app, "package.json"), JSON.stringify({ type: "module", private: true }));
  return app;
}

test("what is packed holds the generated code, and every example of the README compiles with it and nothing else", (t) => {
  const app = appWithPackage();
  t.after(() => rmSync(app, { recursive: true, force: true }));
  const readme = readFileSync(join(app, "node_modules/@ride-tracking/client/README.md"), "utf8");
  const examples = [...readme.matchAll(/```ts\n([\s\S]*?)```/g)].map(([, code]) => code!);
  assert.ok(examples.length >= 3);
  examples.forEach((code, index) => writeFileSync(join(app, `example${index}.ts`), code));
  writeFileSync(join(app, "tsconfig.json"), JSON.stringify({
    compilerOptions: { target: "es2022", module: "esnext", moduleResolution: "bundler", lib: ["es2023", "dom"], types: [], strict: true, exactOptionalPropertyTypes: true, noEmit: true },
    include: ["*.ts"],
  }));
  execFileSync(join(root, "node_modules/.bin/tsc"), ["-p", app], { encoding: "utf8", stdio: "pipe" });
});

test("the packed package runs", (t) => {
  const app = appWithPackage();
  t.after(() => rmSync(app, { recursive: true, force: true }));
  const script = `
    import { FleetFeed, followTrip, RiderService } from "@ride-tracking/client";
    import { TripState } from "@ride-tracking/client/v1/trip";
    console.log(typeof FleetFeed, typeof followTrip, RiderService.typeName, TripState.COMPLETED);`;
  writeFileSync(join(app, "run.js"), script);
  assert.equal(execFileSync(process.execPath, ["run.js"], { cwd: app, encoding: "utf8" }), "function function ridetracking.v1.RiderService 6\n");
});
