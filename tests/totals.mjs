// Adds up JUnit reports: `totals.mjs FOLDER FAILED_CHECKS` prints the closing line of tests/run.sh and exits with 1 when
// anything failed or nothing passed; `totals.mjs --all-passed REPORT` exits with 0 when no test in it failed.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

function count(report) {
  // What a test printed is text or CDATA; neither may be taken for elements.
  const xml = readFileSync(report, "utf8").replace(/<!\[CDATA\[[\s\S]*?\]\]>/g, "").replace(/<!--[\s\S]*?-->/g, "");
  const total = { passed: 0, failed: 0, skipped: 0 };
  for (const [, inside] of xml.matchAll(/<testcase\b[^>]*?(?:\/>|>([\s\S]*?)<\/testcase>)/g)) {
    if (/<(failure|error)\b/.test(inside ?? "")) total.failed++;
    else if (/<skipped\b/.test(inside ?? "")) total.skipped++;
    else total.passed++;
  }
  return total;
}

const [first, second] = process.argv.slice(2);
if (first === "--all-passed") {
  process.exit(count(second).failed === 0 ? 0 : 1);
}

const sum = { passed: 0, failed: Number(second), skipped: 0 };
for (const file of readdirSync(first).filter((name) => name.endsWith(".xml"))) {
  const total = count(join(first, file));
  console.log(`${file.replace(/\.xml$/, "")}: ${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
  for (const key of Object.keys(sum)) sum[key] += total[key];
}
if (Number(second) > 0) console.log(`checks: ${second} failed`);
console.log(`${sum.passed} passed, ${sum.failed} failed, ${sum.skipped} skipped`);
process.exit(sum.failed > 0 || sum.passed === 0 ? 1 : 0);
