import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The repository's folder. */
export const root = join(dirname(fileURLToPath(import.meta.url)), "../..");

/** The fenced blocks of a page in order: what the fence says, the text, the line it begins at and the heading above it. */
export function blocksOf(markdown) {
  const blocks = [];
  let heading = "";
  let block;
  for (const [index, line] of markdown.split("\n").entries()) {
    const fence = /^```(.*)$/.exec(line);
    if (block) {
      if (fence) block = void blocks.push({ ...block, text: block.lines.join("\n") });
      else block.lines.push(line);
    } else if (fence) block = { info: fence[1].trim(), heading, line: index + 1, lines: [] };
    else if (line.startsWith("#")) heading = line.replace(/^#+ /, "");
  }
  if (block) throw new Error(`The block at line ${block.line} has no end.`);
  return blocks;
}
