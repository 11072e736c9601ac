// The driver's stream (docs/protocol.md): what must survive a lost stream, and what belongs to one stream only.
import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { Backoff, detail, retryAfterSeconds, seconds, status, statusOf, tokenEnd } from "./common.mjs";

const maxBatch = 500; // the contract's
const maxFixes = 10_000; // some three hours of one fix a second; when full the oldest is dropped and counted
const maxActions = 100; // when full, `act` throws: an answer to an offer must not be dropped silently
const welcomeTimeoutMs = 10_000;
const closingTimeoutMs = 10_000;

const now = () => performance.now() / 1000;

/**
 * Takes fixes and actions at any time and brings them to the server.
 *
 * The buffer is in memory and dies with the process, and the session's and device's names with it. An app that goes on after
 * a restart stores both names, the fixes, the actions, the attempt and the last command together in one file or database.
 */
export class DriverConnection {
  counts = { sent: 0, resent: 0, acknowledged: 0, dropped: 0, acted: 0, answered: 0 };
  policy = {}; // how often to report; the newest holds
  #client;
  #driverId;
  #tokens;
  #onCommand;
  #onResult;
  #sessionId = randomUUID();
  #deviceId = randomUUID();
  #attempt = 0;
  #lastSequence = 0;
  #highestSent = 0;
  #fixes = []; // not acknowledged, oldest first
  #actions = []; // not answered, oldest first
  #lastCommand = 0; // the last one that was done
  #routePlanVersion = 0;
  #backoff = new Backoff();
  #flushed; // what `flush` waits for
  #stream; // what belongs to the open stream

  constructor(client, driverId, tokens, { onCommand, onResult }) {
    this.#client = client;
    this.#driverId = driverId;
    this.#tokens = tokens;
    this.#onCommand = onCommand;
    this.#onResult = onResult;
  }

  report(fix) {
    if (this.#fixes.length === maxFixes) {
      this.#fixes.shift();
      this.counts.dropped++;
    }
    this.#fixes.push({ ...fix, sequence: ++this.#lastSequence });
    this.#pump();
  }

  /** For instance `act({ offerReply: { … } })`. The id makes repeats harmless: the server answers them alike. */
  act(action) {
    if (this.#actions.length === maxActions) throw new Error(`${maxActions} actions wait already`);
    const ms = Date.now();
    this.#actions.push({ ...action, actionId: randomUUID(), occurredAt: { seconds: Math.floor(ms / 1000), nanos: (ms % 1000) * 1e6 } });
    this.counts.acted++;
    this.#pump();
  }

  /** Resolves when the server has everything. Acknowledgements are lazy: the newest fix goes once more and asks for one. */
  flush() {
    this.#flushed ??= Promise.withResolvers?.() ?? withResolvers();
    if (this.#stream && this.#fixes.length > 0) this.#stream.sentThrough = Math.min(this.#stream.sentThrough, this.#fixes.at(-1).sequence - 1);
    this.#completeFlush();
    this.#pump();
    return this.#flushed.promise;
  }

  /** Resolves to why the app must not come back; rejects when the server refuses the driver. */
  async run() {
    while (true) {
      const began = now();
      const { ended, closing } = await this.#runStream();
      if (closing && !closing.mayReconnect) return closing.reason;
      const rpcStatus = statusOf(ended);
      const passed = detail(rpcStatus, "ErrorInfo");
      if (passed?.reason === "CONNECTION_ATTEMPT_PASSED") this.#attempt = Number(passed.metadata.last_connection_attempt);
      if (ended.code !== status.OK && !closing && !this.#tokens.mayTryAgain(ended)) throw ended;
      // A stream that held for a while ends a row of failures; one that broke at once is one more.
      if (now() - began > Backoff.maxSeconds) this.#backoff.reset();
      const wait = this.#backoff.next(closing ? seconds(closing.retryAfter) : retryAfterSeconds(rpcStatus));
      const why = ended.code === status.OK ? "the server ended the stream" : `${status[ended.code]} ${ended.details}`;
      console.log(`lost: ${why}; again in ${wait.toFixed(2)} s`);
      await delay(wait * 1000);
    }
  }

  /** One stream, from `Hello` to its end. */
  async #runStream() {
    const call = this.#client.connect(this.#tokens.metadata());
    const stream = { call, isOpen: false, isBlocked: false, sentThrough: 0, nextActionAt: 0, ack: null, wroteAt: now(), refreshAt: Infinity };
    this.#stream = stream;
    const deadline = setTimeout(() => call.cancel(), welcomeTimeoutMs);
    let handlerError;
    try {
      const ended = await new Promise((resolve) => {
        call.on("status", resolve);
        call.on("error", () => {}); // the same as the status, which comes with each end
        call.on("drain", () => {
          stream.isBlocked = false;
          this.#pump();
        });
        call.on("data", (response) => {
          clearTimeout(deadline);
          try {
            this.#receive(stream, response);
          } catch (error) {
            handlerError = error; // the app's own code failed: the stream ends, and the run with it
            call.cancel();
          }
        });
        call.write({
          hello: {
            protocolVersion: 1, driverId: this.#driverId, sessionId: this.#sessionId, deviceId: this.#deviceId, appVersion: "example-node",
            lastCommandSequence: this.#lastCommand, routePlanVersion: this.#routePlanVersion, sentAtUnixMs: Date.now(), connectionAttempt: ++this.#attempt,
          },
        });
      });
      if (handlerError) throw handlerError;
      return { ended, closing: stream.closing };
    } finally {
      this.#stream = undefined;
      clearTimeout(deadline);
      clearTimeout(stream.timer);
      clearTimeout(stream.closingTimer);
    }
  }

  #receive(stream, response) {
    if (response.fixAck) this.#acknowledge(response.fixAck);
    switch (response.message) {
      case "welcome":
        this.#welcome(stream, response.welcome);
        break;
      case "resendAfter":
        stream.sentThrough = stream.resentAfter = response.resendAfter.sequence;
        break;
      case "actionResult":
        this.#answer(stream, response.actionResult);
        break;
      case "reportingPolicy":
        this.policy = response.reportingPolicy;
        break;
      case "command":
        this.#do(stream, response.command);
        break;
      case "tokenAccepted":
        console.log("token accepted");
        break;
      case "streamClosing":
        // Nothing that is still sent counts: close this side and hear the call's status.
        stream.closing = response.streamClosing;
        stream.closing.reason = stream.closing.reason.replace("STREAM_CLOSING_REASON_", "");
        stream.isOpen = false;
        console.log(`closing: ${stream.closing.reason}`);
        stream.call.end();
        stream.closingTimer = setTimeout(() => stream.call.cancel(), closingTimeoutMs);
        break;
      default: // only an acknowledgement, or what a newer server says
    }
    this.#completeFlush();
    this.#pump();
  }

  #welcome(stream, welcome) {
    if (welcome.resumeAfterSequence !== undefined) {
      stream.sentThrough = welcome.resumeAfterSequence;
      this.#acknowledge({ throughSequence: welcome.resumeAfterSequence, verdicts: welcome.verdicts });
    } else {
      // The log cannot be read now: from the oldest fix that was never acknowledged, and say so.
      stream.sentThrough = stream.resentAfter = this.#fixes.length > 0 ? this.#fixes[0].sequence - 1 : this.#lastSequence;
    }
    this.policy = welcome.reportingPolicy ?? {};
    stream.serverClockOffset = seconds(welcome.serverTime) - now();
    this.#scheduleRefresh(stream);
    stream.isOpen = true;
    console.log(`connected: attempt ${this.#attempt}, vehicle ${welcome.vehicleId || "none"}, fixes from ${stream.sentThrough + 1}`);
    if (welcome.routePlan) this.#deliver({ command: "routeChanged", routeChanged: welcome.routePlan });
  }

  #acknowledge({ throughSequence, verdicts }) {
    while (this.#fixes.length > 0 && this.#fixes[0].sequence <= throughSequence) {
      this.#fixes.shift();
      this.counts.acknowledged++;
    }
    for (const verdict of verdicts.filter((each) => each.outcome === "FIX_OUTCOME_REJECTED"))
      console.log(`fix ${verdict.sequence} ${verdict.reason}: ${verdict.measured} with a limit of ${verdict.limit}`);
  }

  #answer(stream, result) {
    if (result.actionId !== this.#actions[0]?.actionId) return; // answered before: a repeat
    stream.actionInFlight = undefined;
    if (result.status.code === status.UNAVAILABLE) {
      // Not yet. Those behind it wait, too, and so keep their order.
      stream.nextActionAt = now() + new Backoff().next(retryAfterSeconds(result.status) || 0.5);
      return;
    }
    this.counts.answered++;
    this.#onResult(this.#actions.shift(), result.status);
  }

  #do(stream, command) {
    if (command.sequence <= this.#lastCommand) return;
    if (command.command) this.#deliver(command);
    // Only now: an app that dies before is sent the command again.
    this.#lastCommand = command.sequence;
    stream.ack ??= { unsupportedSequences: [] };
    stream.ack.throughSequence = command.sequence;
    if (!command.command) stream.ack.unsupportedSequences.push(command.sequence);
  }

  #deliver(command) {
    if (command.routeChanged) {
      // The plan comes in Welcome and as a command: only a newer one replaces it.
      if (command.routeChanged.routePlanVersion <= this.#routePlanVersion) return;
      this.#routePlanVersion = command.routeChanged.routePlanVersion;
    }
    this.#onCommand(command);
  }

  /** At four fifths of what is left of the token, by the server's clock, since the phone's may be wrong. */
  #scheduleRefresh(stream) {
    const end = tokenEnd(this.#tokens.newest);
    stream.refreshAt = end ? now() + Math.max(1, (end - now() - stream.serverClockOffset) * 0.8) : Infinity;
  }

  #refresh(stream) {
    const before = this.#tokens.newest;
    try {
      const token = this.#tokens.get();
      if (token !== before) stream.newToken = token;
    } catch (error) {
      console.log(`no new token: ${error.message}`); // the old one still holds; asked again
    }
    this.#scheduleRefresh(stream);
  }

  /** Writes what is due, as long as the transport takes it, and sets a timer for what will be. */
  #pump() {
    const stream = this.#stream;
    if (!stream?.isOpen) return;
    clearTimeout(stream.timer);
    const heartbeatSeconds = 0.8 * (seconds(this.policy.heartbeatInterval) || 15);
    while (!stream.isBlocked) {
      const message = this.#nextMessage(stream, stream.wroteAt + heartbeatSeconds);
      if (!message) break;
      stream.isBlocked = !stream.call.write(message);
      stream.wroteAt = now();
    }
    const actionAt = this.#actions.length > 0 && !stream.actionInFlight ? stream.nextActionAt : Infinity;
    const dueAt = Math.min(stream.wroteAt + heartbeatSeconds, stream.refreshAt, actionAt);
    stream.timer = setTimeout(() => this.#pump(), Math.min(Math.max(dueAt - now(), 0.01), 3600) * 1000);
  }

  /** The most urgent first. */
  #nextMessage(stream, heartbeatAt) {
    if (now() >= stream.refreshAt) this.#refresh(stream);
    if (stream.newToken) {
      const token = stream.newToken;
      stream.newToken = undefined;
      return { tokenRefresh: { token } };
    }
    if (this.#actions.length > 0 && !stream.actionInFlight && now() >= stream.nextActionAt) {
      stream.actionInFlight = this.#actions[0].actionId;
      return { action: this.#actions[0] };
    }
    if (stream.ack) {
      const commandAck = stream.ack;
      stream.ack = null;
      return { commandAck };
    }
    const fixes = this.#fixes.filter((fix) => fix.sequence > stream.sentThrough).slice(0, maxBatch);
    if (fixes.length > 0) return { locations: this.#batch(stream, fixes) };
    return now() >= heartbeatAt ? { heartbeat: { bufferedFixCount: this.#fixes.length } } : undefined;
  }

  #batch(stream, fixes) {
    const batch = { sentAtUnixMs: Date.now(), fixes, ackRequested: this.#flushed !== undefined, resentAfterSequence: stream.resentAfter };
    stream.resentAfter = undefined;
    stream.sentThrough = fixes.at(-1).sequence;
    const again = fixes.filter((fix) => fix.sequence <= this.#highestSent).length;
    this.counts.resent += again;
    this.counts.sent += fixes.length - again;
    this.#highestSent = Math.max(this.#highestSent, stream.sentThrough);
    return batch;
  }

  #completeFlush() {
    if (this.#flushed && this.#fixes.length === 0 && this.#actions.length === 0) this.#flushed.resolve();
  }
}

// Promise.withResolvers comes with Node 22.
function withResolvers() {
  const made = {};
  made.promise = new Promise((resolve, reject) => Object.assign(made, { resolve, reject }));
  return made;
}
