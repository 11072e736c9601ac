// Runs the lines of docs/start.md and docs/recipes.md against real servers, in order, and compares what they print with what the pages show.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { test } from "node:test";
import { blocksOf, root } from "./markdown.mjs";
import { freePorts, program } from "./server.mjs";
import { Shell } from "./shell.mjs";

const blockTimeoutMs = 120_000;

/** Pages with this run's ports and folder. */
async function withOwn(pages, folder) {
  const ports = /(?<=--(?:grpc-port|web-port|management-port|port) |127\.0\.0\.1:)\d{4}\b/g;
  const theirs = [...new Set(pages.flatMap((page) => page.match(ports) ?? []))];
  const own = await freePorts(theirs.length);
  return pages.map((page) => page.replaceAll(ports, (port) => own[theirs.indexOf(port)]).replaceAll("data=data/start", `data=${folder}`));
}

/** Blocks to run, each with what is shown below it. Those marked `prepare` are not run: tests/run.sh has done the same. */
function stepsOf(blocks) {
  const steps = [];
  for (const block of blocks) {
    if (block.info === "text") {
      assert.ok(steps.length > 0 && steps.at(-1).shown === undefined, `line ${block.line} shows what nothing prints`);
      steps.at(-1).shown = block.text;
    } else if (block.info === "sh" || block.info === "sh python") steps.push({ ...block });
    else assert.equal(block.info, "sh prepare", `line ${block.line} has a block of an unknown kind`);
  }
  return steps;
}

function assertPrinted(actual, shown) {
  const pattern = shown.split("…").map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")).join("[^\n]*");
  assert.ok(new RegExp(`^${pattern}$`).test(actual), `It printed\n${actual}\nand the page shows\n${shown}`);
}

const hasPython = spawnSync("/usr/bin/python3", ["-c", "import grpc, google.protobuf"]).status === 0
  && ["protoc", "grpc_python_plugin"].every((tool) => spawnSync("which", [tool]).status === 0);

/** Runs pages as one: what the first defines the next may use. */
function testPages(name, ...pages) {
  test(name, async (t) => {
    assert.ok(existsSync(join(root, program)), `${program} is not there: dotnet build -c Release src/RideTracking.Server`);
    const folder = mkdtempSync(join(tmpdir(), "pages-"));
    const shell = new Shell(root);
    t.after(async () => {
      await shell.end();
      rmSync(folder, { recursive: true, force: true });
    });

    let hasFailed = false;
    for (const step of stepsOf((await withOwn(pages, relative(root, folder))).flatMap(blocksOf))) {
      const skip = hasFailed ? "an earlier step failed" : step.info === "sh python" && !hasPython
        ? "python3-grpcio, protobuf-compiler or protobuf-compiler-grpc is not installed" : false;
      await t.test(`${step.heading} (line ${step.line})`, { skip }, async () => {
        hasFailed = true;
        const { out, errors, code } = await shell.run(step.text, blockTimeoutMs);
        assert.equal(code, 0, `The last line ended with ${code}:\n${out}\n${errors}`);
        if (step.shown !== undefined) assertPrinted(out.trimEnd(), step.shown);
        else assert.equal(out.trim(), "", `The page shows nothing below line ${step.line}, and it printed`);
        hasFailed = false;
      });
    }
  });
}

const read = (page) => readFileSync(join(root, page), "utf8");
const start = read("docs/start.md");

testPages("docs/start.md", start);
testPages("docs/recipes.md", start.slice(0, start.indexOf("## The driver's stream")), read("docs/recipes.md"));
