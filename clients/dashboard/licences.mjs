// Writes dist/licences.txt beside the built page: the licence of each package that is part of it, as its authors want.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const folder = dirname(fileURLToPath(import.meta.url));
const { packages } = JSON.parse(readFileSync(join(folder, "package-lock.json"), "utf8"));
const parts = Object.entries(packages).filter(([path, { dev }]) => path && !dev).map(([path, { version, license }]) => {
  const files = readdirSync(join(folder, path)).filter((file) => /^(licen[cs]e|copying|notice)/i.test(file)).sort();
  const texts = files.map((file) => readFileSync(join(folder, path, file), "utf8").trim());
  return [`${path.replace(/^.*node_modules\//, "")} ${version}: ${license}`, ...texts].join("\n\n");
});
writeFileSync(join(folder, "dist/licences.txt"), `${parts.join(`\n\n${"-".repeat(80)}\n\n`)}\n`);
