import type { Connection } from "@ride-tracking/client";
import { element, setText } from "./dom.ts";
import { formatAge } from "./format.ts";

/** After so many tries in vain the connection is called lost. */
const lostAfterFailures = 3;

export type ConnectionLevel = "live" | "connecting" | "reconnecting" | "lost";

export function connectionLevel(connection: Connection): ConnectionLevel {
  if (connection.kind === "waiting") return connection.failures >= lostAfterFailures ? "lost" : "reconnecting";
  return connection.kind;
}

/** Says whether the picture is live, how old it is, and which node it comes from. */
export class ConnectionBadge {
  readonly root = element("section", "card badge");
  private readonly title = element("strong");
  private readonly detail = element("span", "badge-detail");
  private connection: Connection = { kind: "connecting" };
  /** A lost connection stays lost on the display while a try is under way. */
  private shownLevel: ConnectionLevel = "connecting";

  constructor() {
    this.root.setAttribute("role", "status");
    this.root.append(
      element("span", "badge-dot"),
      element("div", "badge-text", element("span", "badge-name", "ride-tracking"), this.title, this.detail, element("span", "badge-node", location.host)),
    );
  }

  get level(): ConnectionLevel {
    return this.shownLevel;
  }

  setConnection(connection: Connection): void {
    const level = connectionLevel(connection);
    const isRetry = connection.kind === "connecting" && this.shownLevel !== "live" && this.connection.kind === "waiting";
    this.connection = connection;
    if (!isRetry) this.shownLevel = level;
  }

  /**
   * @param now milliseconds of `performance.now()`
   * @param frameAgeSeconds since the last frame; undefined before the first
   * @param medianFixAgeSeconds of the cars in view; undefined without cars
   */
  show(now: number, frameAgeSeconds: number | undefined, medianFixAgeSeconds: number | undefined): void {
    this.root.dataset["level"] = this.shownLevel;
    setText(this.title, titles[this.shownLevel]);
    setText(this.detail, this.describe(now, frameAgeSeconds, medianFixAgeSeconds));
    this.root.title = this.connection.kind === "waiting" ? this.connection.error.rawMessage : "";
  }

  private describe(now: number, frameAge: number | undefined, fixAge: number | undefined): string {
    const picture = frameAge === undefined ? "" : `picture ${formatAge(frameAge)} old`;
    if (this.connection.kind === "waiting") {
      const wait = Math.max(0, Math.ceil((this.connection.retryAt - now) / 1000));
      return [wait > 0 ? `next try in ${wait} s` : "trying now", picture].filter(Boolean).join(" · ");
    }
    if (this.connection.kind === "connecting") return ["trying now", picture].filter(Boolean).join(" · ");
    const fixes = fixAge === undefined ? "no cars in view" : `positions ${formatAge(fixAge)} old`;
    return [`frame ${formatAge(frameAge ?? 0)} ago`, fixes].join(" · ");
  }
}

const titles: Record<ConnectionLevel, string> = {
  live: "Live",
  connecting: "Connecting…",
  reconnecting: "Reconnecting…",
  lost: "Connection lost",
};
