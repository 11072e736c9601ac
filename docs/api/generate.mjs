// Makes the pages of this folder from the contract, the server's table of roles (AccessRules.cs), errors.md and examples.json:
// npm run docs:api --prefix clients/dashboard. tests/docs compares the pages with what this makes.
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const folder = dirname(fileURLToPath(import.meta.url));
const root = join(folder, "../..");
const client = join(root, "clients/typescript");
const require = createRequire(join(client, "package.json"));
const { createFileRegistry, fromBinary, fromJson, getOption, hasOption } = require("@bufbuild/protobuf");
const { FileDescriptorSetSchema } = require("@bufbuild/protobuf/wkt");

const made = "<!-- Made by generate.mjs from the contract. Do not edit: change protos/, errors.md or examples.json. -->";
const packageName = "ridetracking.v1";

/** The contract, with comments. */
export function readContract() {
  const buf = join(client, "node_modules/.bin/buf");
  return createFileRegistry(fromBinary(FileDescriptorSetSchema, execFileSync(buf, ["build", root, "-o", "-#format=binpb"], { maxBuffer: 1 << 28 })));
}

/** Roles by "Service.Method", from the server's one table. */
export function readRoles() {
  const source = readFileSync(join(root, "src/RideTracking.Server/Access/AccessRules.cs"), "utf8");
  const rules = source.matchAll(/\[Rpc\((\w+)\.Descriptor\.FullName, "(\w+)"\)\] = ([^,]+),/g);
  return new Map([...rules].map(([, service, method, roles]) => [`${service}.${method}`, roles.split("|").map((role) => role.trim().replace("Role.", "").toLowerCase())]));
}

/** The rows of errors.md: heading, reason, code and, where the table tells it, by whom. */
export function readErrors() {
  const rows = [];
  let heading = "";
  for (const line of readFileSync(join(folder, "errors.md"), "utf8").split("\n")) {
    if (line.startsWith("## ")) heading = line.slice(3);
    const cells = line.split("|").map((cell) => cell.trim());
    const reason = /^`([A-Z_]+)`$/.exec(cells[1] ?? "")?.[1];
    if (reason) rows.push({ heading, reason, code: cells[2], toldBy: cells.length > 6 ? [...cells[3].matchAll(/`([\w.]+)`/g)].map((match) => match[1]) : [], meaning: cells.at(-3) });
  }
  return rows;
}

/** One request, or those of a stream, by "Service.Method"; each fits the contract. */
export function readExamples(contract) {
  const examples = JSON.parse(readFileSync(join(folder, "examples.json"), "utf8"));
  for (const service of servicesOf(contract)) {
    for (const method of service.methods) {
      const name = `${service.name}.${method.name}`;
      const example = examples[name];
      if (example === undefined) throw new Error(`examples.json has no example of ${name}.`);
      for (const message of [example].flat()) fromJson(method.input, message, { registry: contract });
    }
  }
  return examples;
}

export function servicesOf(contract) {
  return [...contract].filter((desc) => desc.kind === "service" && desc.file.proto.package === packageName).sort((one, other) => (one.name < other.name ? -1 : 1));
}

/** Every page by its file's name. */
export function generate() {
  const contract = readContract();
  const [roles, errors, examples] = [readRoles(), readErrors(), readExamples(contract)];
  const comments = new Comments();
  const services = servicesOf(contract);
  const own = [...contract].filter((desc) => (desc.kind === "message" || desc.kind === "enum") && desc.file.proto.package === packageName);
  const ofCalls = new Set(services.flatMap((service) => service.methods.flatMap((method) => [method.input.typeName, method.output.typeName])));
  const shared = own.filter((desc) => !ofCalls.has(desc.typeName)).sort((one, other) => (one.name < other.name ? -1 : 1));
  const pages = new Map();

  for (const service of services) {
    const page = [made, "", `# ${service.name}`, "", comments.of(service), "", `[${fileOf(service)}](../../protos/${fileOf(service)}); all pages: [README](README.md).`, ""];
    for (const method of service.methods) page.push(...rpc(service, method));
    pages.set(`${service.name}.md`, `${page.join("\n").trimEnd()}\n`);
  }

  const types = [made, "", "# Types", "", "What requests and answers are made of; those themselves are on the services' pages.", ""];
  for (const desc of shared) types.push(`## ${desc.name}`, "", ...paragraph(comments.of(desc)), ...(desc.kind === "enum" ? values(desc) : fields(desc)));
  pages.set("Types.md", `${types.join("\n").trimEnd()}\n`);
  pages.set("README.md", `${index().join("\n").trimEnd()}\n`);
  return pages;

  function index() {
    const lines = [
      made, "", "# The API", "",
      `Package \`${packageName}\`, from [protos](../../protos/README.md): gRPC over HTTP/2; gRPC-Web, and [REST and JSON](../rest.md) ([OpenAPI](openapi.json)), on the page's port. What may change when: [compatibility.md](../compatibility.md).`, "",
      "- **Who may call**: by the token's `role`, from the server's one table; which driver, rider or trip a call may be about is told by the token's `ids` ([keys and tokens](../operations.md#keys-and-tokens)).",
      "- **Errors**: a status code and a reason; [every reason](errors.md), and what to do. UNAUTHENTICATED, PERMISSION_DENIED (`ROLE_NOT_ALLOWED`) and UNAVAILABLE (`STORE_UNAVAILABLE`) can come from any call, INVALID_ARGUMENT from any that breaks a rule below.",
      "- **Examples** are requests in JSON, as `buf curl` takes them: `call $token RiderService/GetTrip -d '{…}'` with the `call` of [start.md](../start.md#tokens). Whole conversations, line by line, are there.",
      "- **Types** that several share: [Types](Types.md).", "",
      "| RPC | who may call | |", "|---|---|---|",
    ];
    for (const service of services) {
      for (const method of service.methods) {
        const name = `${service.name}.${method.name}`;
        lines.push(`| [${name}](${service.name}.md#${method.name.toLowerCase()}) | ${rolesOf(name)} | ${firstSentence(comments.of(method))} |`);
      }
    }
    return lines;
  }

  function rpc(service, method) {
    const name = `${service.name}.${method.name}`;
    const lines = [`## ${method.name}`, "", ...paragraph(comments.of(method))];
    lines.push(`**Who may call**: ${rolesOf(name)}. **Kind**: ${kindOf(method)}. **REST**: ${restOf(method)}.`, "");
    lines.push(...message("Request", method.input), ...message("Answer", method.output));
    const own = errors.filter((error) => error.toldBy.includes(name));
    if (own.length > 0) {
      lines.push("**Errors** of its own:", "", "| reason | code | what it means |", "|---|---|---|");
      lines.push(...own.map(({ reason, code, meaning }) => `| [\`${reason}\`](errors.md) | ${code} | ${meaning} |`), "");
    }
    lines.push("**Example**", "", "```json", ...[examples[name]].flat().map((example) => shown(example)), "```", "");
    return lines;
  }

  function message(title, desc) {
    return [`**${title}** \`${desc.name}\``, "", ...paragraph(comments.of(desc)), ...fields(desc)];
  }

  function fields(desc) {
    if (desc.fields.length === 0) return ["Empty.", ""];
    return ["| field | type | |", "|---|---|---|", ...desc.fields.map((field) => {
      const choice = field.oneof ? `One of \`${field.oneof.name}\`. ` : "";
      return `| \`${field.name}\` | ${typeOf(field)} | ${cell((choice + comments.of(field)).trim())} |`;
    }), ""];
  }

  function values(desc) {
    return ["| value | number | |", "|---|---|---|", ...desc.values.map((value) => `| \`${value.name}\` | ${value.number} | ${cell(comments.of(value))} |`), ""];
  }

  function typeOf(field) {
    if (field.fieldKind === "map") return `map of ${scalar(field.mapKey)} to ${field.message ? named(field.message) : field.enum ? named(field.enum) : scalar(field.scalar)}`;
    const one = field.message ? named(field.message) : field.enum ? named(field.enum) : scalar(field.scalar);
    if (field.fieldKind === "list") return `list of ${one}`;
    return field.proto.proto3Optional ? `optional ${one}` : one;
  }

  function named(desc) {
    return shared.includes(desc) ? `[${desc.name}](Types.md#${desc.name.toLowerCase()})` : `\`${desc.typeName}\``;
  }

  /** Verb and path, as the contract's `google.api.http` says. */
  function restOf(method) {
    const http = contract.getExtension("google.api.http");
    if (!hasOption(method, http)) return "none";
    const { pattern, body } = getOption(method, http);
    return `\`${pattern.case.toUpperCase()} ${pattern.value}\`${body && body !== "*" ? `, with \`${body}\` as the body` : ""}`;
  }

  function rolesOf(name) {
    const allowed = roles.get(name);
    if (!allowed) throw new Error(`AccessRules.cs has no rule for ${name}.`);
    return allowed.includes("anybody") ? "anybody, without a token" : allowed.map((role) => `\`${role}\``).join(", ");
  }
}

/** What the contract says above each thing. */
class Comments {
  #byFile = new Map();

  of(desc) {
    const file = desc.file ?? (desc.parent ?? desc).file;
    if (!this.#byFile.has(file)) {
      const locations = (file.proto.sourceCodeInfo?.location ?? []).map((location) => [location.path.join(), location.leadingComments]);
      this.#byFile.set(file, new Map(locations));
    }
    return (this.#byFile.get(file).get(this.#path(desc).join()) ?? "").split("\n").map((line) => line.trim()).join("\n").trim();
  }

  #path(desc) {
    const { proto } = desc;
    switch (desc.kind) {
      case "service": return [6, desc.file.proto.service.indexOf(proto)];
      case "rpc": return [...this.#path(desc.parent), 2, desc.parent.proto.method.indexOf(proto)];
      case "field": return [...this.#path(desc.parent), 2, desc.parent.proto.field.indexOf(proto)];
      case "enum_value": return [...this.#path(desc.parent), 2, desc.parent.proto.value.indexOf(proto)];
      case "message": return desc.parent ? [...this.#path(desc.parent), 3, desc.parent.proto.nestedType.indexOf(proto)] : [4, desc.file.proto.messageType.indexOf(proto)];
      case "enum": return desc.parent ? [...this.#path(desc.parent), 4, desc.parent.proto.enumType.indexOf(proto)] : [5, desc.file.proto.enumType.indexOf(proto)];
      default: throw new Error(`No comments of a ${desc.kind}.`);
    }
  }
}

const scalars = { 1: "double", 2: "float", 3: "int64", 4: "uint64", 5: "int32", 6: "fixed64", 7: "fixed32", 8: "bool", 9: "string", 12: "bytes", 13: "uint32", 15: "sfixed32", 16: "sfixed64", 17: "sint32", 18: "sint64" };
const scalar = (type) => scalars[type];
const fileOf = (desc) => `${desc.file.name}.proto`;
const paragraph = (text) => (text ? [text, ""] : []);
const cell = (text) => text.replaceAll("\n", " ").replaceAll("|", "\\|");
const firstSentence = (text) => cell(/^[\s\S]*?[.:](?=\s|$)/.exec(text)?.[0].replace(/:$/, ".") ?? text);

function kindOf(method) {
  return { unary: "one request, one answer", server_streaming: "one request, a stream of answers", client_streaming: "a stream of requests, one answer", bidi_streaming: "a stream both ways" }[method.methodKind];
}

/** On one line where it fits. */
function shown(value) {
  const line = inline(value);
  return line.length <= 150 ? line : JSON.stringify(value, null, 2);
}

function inline(value) {
  if (Array.isArray(value)) return `[${value.map(inline).join(", ")}]`;
  if (value && typeof value === "object") {
    const entries = Object.entries(value).map(([key, inner]) => `${JSON.stringify(key)}: ${inline(inner)}`);
    return entries.length === 0 ? "{}" : `{${entries.join(", ")}}`;
  }
  return JSON.stringify(value);
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  for (const [name, text] of generate()) writeFileSync(join(folder, name), text);
}
