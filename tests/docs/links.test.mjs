// What the pages point at and name is there: files, headings, settings.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, statSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { test } from "node:test";
import { root } from "./markdown.mjs";

const pages = execFileSync("git", ["-C", root, "ls-files", "-co", "--exclude-standard", "*.md"], { encoding: "utf8" }).trim().split("\n");
const read = (page) => readFileSync(join(root, page), "utf8");

/** A page's headings as its host makes anchors of them. */
function anchorsOf(page) {
  const seen = new Map();
  return read(page).replace(/^```[\s\S]*?^```/gm, "").split("\n").filter((line) => /^#+ /.test(line)).map((line) => {
    const anchor = line.replace(/^#+ /, "").toLowerCase().replace(/[^\p{L}\p{N}\- _]/gu, "").replaceAll(" ", "-");
    const before = seen.get(anchor) ?? 0;
    seen.set(anchor, before + 1);
    return before === 0 ? anchor : `${anchor}-${before}`;
  });
}

test("every link within the repository leads somewhere", () => {
  const broken = [];
  for (const page of pages) {
    for (const [, link] of read(page).replace(/^```[\s\S]*?^```/gm, "").matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^[a-z]+:/.test(link)) continue;
      const [path, anchor] = link.split("#");
      const target = path ? join(root, dirname(page), path) : join(root, page);
      if (!existsSync(target)) broken.push(`${page}: ${link}`);
      else if (anchor && statSync(target).isFile() && target.endsWith(".md") && !anchorsOf(relative(root, target)).includes(anchor)) broken.push(`${page}: ${link} (no such heading)`);
    }
  }
  assert.deepEqual(broken, []);
});

test("every setting that a page names is one", () => {
  const settings = new Set([...read("docs/operations.md").matchAll(/^\| `(\w+(?::\w+)+)` \|/gm)].map((match) => match[1]));
  assert.ok(settings.size > 100);
  const sections = [...new Set([...settings].map((setting) => setting.split(":")[0]))].join("|");
  const unknown = [];
  for (const page of pages.filter((page) => page.startsWith("docs/") && page !== "docs/decisions.md" && page !== "docs/benchmarks.md")) {
    for (const [, setting] of read(page).matchAll(new RegExp(`\\b((?:${sections})(?::[A-Z]\\w+)+)`, "g"))) if (!settings.has(setting)) unknown.push(`${page}: ${setting}`);
    for (const [, setting] of read(page).matchAll(new RegExp(`\\b((?:${sections})(?:__[A-Z]\\w+)+)`, "g"))) if (!settings.has(setting.replaceAll("__", ":"))) unknown.push(`${page}: ${setting}`);
  }
  assert.deepEqual(unknown, []);
});
