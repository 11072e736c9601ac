// Which languages there are, and how their programs are started.
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Child } from "./child.mjs";

const clients = fileURLToPath(new URL("../../clients", import.meta.url));
const only = process.env.LANGUAGES?.split(","); // for a quick run by hand: LANGUAGES=go,java

export const languages = [
  // Each in a city of its own, far from the others: a driver is offered the nearest trips.
  { name: "Python", latitude: 41, command: (program) => ["/usr/bin/python3", join(clients, "python", `${program}.py`)] },
  { name: "Go", latitude: 42, command: (program) => [join(clients, "go/.build/bin", program)] },
  { name: "Java", latitude: 43, command: (program) => [join(clients, "java/run.sh"), program] },
  { name: "Node", latitude: 44, command: (program) => ["node", join(clients, "node", `${program}.mjs`)] },
].filter(({ name }) => !only || only.includes(name.toLowerCase()));

/** Starts the example `program` ("driver" or "rider") of a language. */
export function start({ name, command }, program, address, id, tokenFile, ...more) {
  const [executable, ...before] = command(program);
  return new Child(`${name} ${program}`, executable, [...before, "--server", address, "--id", id, "--token-file", tokenFile, ...more]);
}
