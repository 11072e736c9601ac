// Runs the lines of docs/start.md against a real server, in order, and compares what they print with what the page shows.
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

/** The page's text with this run's ports and folder; each of them must be there. */
function withOwn(markdown, replacements) {
  for (const [theirs, own] of replacements) {
    assert.ok(markdown.includes(theirs), `docs/start.md does not say "${theirs}" any more`);
    markdown = markdown.replaceAll(theirs, own);
  }
  return markdown;
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

test("docs/start.md", async (t) => {
  assert.ok(existsSync(join(root, program)), `${program} is not there: dotnet build -c Release src/RideTracking.Server`);
  const folder = mkdtempSync(join(tmpdir(), "start-"));
  const [grpcPort, webPort] = await freePorts(2);
  const page = withOwn(readFileSync(join(root, "docs/start.md"), "utf8"), [
    ["--grpc-port 5001", `--grpc-port ${grpcPort}`],
    ["127.0.0.1:5001", `127.0.0.1:${grpcPort}`],
    ["--web-port 8080", `--web-port ${webPort}`],
    ["127.0.0.1:8080", `127.0.0.1:${webPort}`],
    ["data=data/start", `data=${relative(root, folder)}`],
  ]);
  const shell = new Shell(root);
  t.after(() => {
    shell.end();
    rmSync(folder, { recursive: true, force: true });
  });

  let hasFailed = false;
  for (const step of stepsOf(blocksOf(page))) {
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
