"""The driver's stream (docs/protocol.md): what must survive a lost stream, and what belongs to one stream only."""

import asyncio
import time
import uuid
from collections import deque

import common
from common import Backoff, TokenSource, say

import grpc
from google.rpc import error_details_pb2
from ridetracking.v1 import driver_pb2, fix_pb2

MAX_BATCH = 500  # the contract's
MAX_FIXES = 10_000  # some three hours of one fix a second; when full the oldest is dropped and counted
MAX_ACTIONS = 100  # when full, `act` raises: an answer to an offer must not be dropped silently
WELCOME_TIMEOUT_SECONDS = 10
CLOSING_TIMEOUT_SECONDS = 10


def unix_ms() -> int:
    return time.time_ns() // 1_000_000


class DriverConnection:
    """Takes fixes and actions at any time and brings them to the server. All on one asyncio loop, so without locks.

    The buffer is in memory and dies with the process, and the session's and device's names with it. An app that goes on after
    a restart stores both names, the fixes, the actions, `attempt` and `last_command` together in one file or database.
    """

    def __init__(self, stub, driver_id: str, tokens: TokenSource, on_command, on_result):
        self._stub, self._driver_id, self._tokens = stub, driver_id, tokens
        self._on_command, self._on_result = on_command, on_result
        self._session_id, self._device_id = uuid.uuid4().hex, uuid.uuid4().hex
        self._attempt = 0
        self._last_sequence = 0
        self._fixes: deque[fix_pb2.Fix] = deque()  # not acknowledged, oldest first
        self._actions: deque[driver_pb2.DriverAction] = deque()  # not answered, oldest first
        self._last_command = 0  # the last one that was done
        self._route_plan_version = 0
        self._backoff = Backoff()
        self._wake, self._drained = asyncio.Event(), asyncio.Event()
        self._flush = False
        self.policy = driver_pb2.ReportingPolicy()  # how often to report; the newest holds
        self._highest_sent = 0
        self.sent = self.resent = self.acknowledged = self.dropped = self.acted = self.answered = 0
        self._new_stream()

    def _new_stream(self) -> None:
        self._sent_through = 0
        self._resent_after: int | None = None
        self._in_flight = ""  # the id of the action that waits for its answer
        self._next_action_at = 0.0
        self._ack = driver_pb2.CommandAck()
        self._new_token = ""
        self._refresh_at: float | None = None
        self._closing: driver_pb2.StreamClosing | None = None

    def report(self, fix: fix_pb2.Fix) -> None:
        self._last_sequence += 1
        fix.sequence = self._last_sequence
        if len(self._fixes) == MAX_FIXES:
            self._fixes.popleft()
            self.dropped += 1
        self._fixes.append(fix)
        self._wake.set()

    def act(self, **action) -> None:
        """For instance `act(offer_reply=OfferReply(...))`. The id makes repeats harmless: the server answers them alike."""
        if len(self._actions) == MAX_ACTIONS:
            raise RuntimeError(f"{MAX_ACTIONS} actions wait already")
        made = driver_pb2.DriverAction(action_id=uuid.uuid4().hex, **action)
        made.occurred_at.FromMilliseconds(unix_ms())
        self._actions.append(made)
        self.acted += 1
        self._wake.set()

    async def flush(self) -> None:
        """Returns when the server has everything. Acknowledgements are lazy: the newest fix goes once more and asks for one."""
        self._flush = True
        if self._fixes:
            self._sent_through = min(self._sent_through, self._fixes[-1].sequence - 1)
        self._wake.set()
        if self._fixes or self._actions:
            self._drained.clear()
            await self._drained.wait()

    async def run(self) -> str:
        """Returns why the app must not come back; raises when the server refuses the driver."""
        while True:
            error, began = None, time.monotonic()
            self._new_stream()
            try:
                await self._stream()
            except grpc.aio.AioRpcError as lost:
                error = lost
            except TimeoutError:
                say("the server did not answer in time")
            if self._closing and not self._closing.may_reconnect:
                return driver_pb2.StreamClosingReason.Name(self._closing.reason).removeprefix("STREAM_CLOSING_REASON_")
            status = common.status_of(error)
            passed = common.detail(status, error_details_pb2.ErrorInfo)
            if passed and passed.reason == "CONNECTION_ATTEMPT_PASSED":
                self._attempt = int(passed.metadata["last_connection_attempt"])
            if error and not self._tokens.may_try_again(error):
                raise error
            # A stream that held for a while ends a row of failures; one that broke at once is one more.
            if time.monotonic() - began > Backoff.MAX_SECONDS:
                self._backoff.reset()
            told = self._closing.retry_after.ToTimedelta().total_seconds() if self._closing else common.retry_after(status)
            seconds = self._backoff.next(told)
            say(f"lost: {f'{error.code().name} {error.details()}' if error else 'the server ended the stream'}; again in {seconds:.2f} s")
            await asyncio.sleep(seconds)

    async def _stream(self) -> None:
        call = self._stub.Connect(metadata=self._tokens.metadata())
        writing = None
        try:
            async with asyncio.timeout(WELCOME_TIMEOUT_SECONDS):
                self._attempt += 1
                await self._try_write(call, driver_pb2.ConnectRequest(hello=driver_pb2.Hello(
                    protocol_version=1, driver_id=self._driver_id, session_id=self._session_id, device_id=self._device_id,
                    app_version="example-python", last_command_sequence=self._last_command,
                    route_plan_version=self._route_plan_version, sent_at_unix_ms=unix_ms(), connection_attempt=self._attempt)))
                response = await call.read()
            while response is not grpc.aio.EOF:
                self._receive(response)
                if self._closing:
                    # Nothing that is still sent counts: close this side and hear the call's status.
                    async with asyncio.timeout(CLOSING_TIMEOUT_SECONDS):
                        await call.done_writing()
                        await call.code()
                    return
                if not writing:
                    writing = asyncio.create_task(self._write(call))
                    writing.add_done_callback(lambda task: call.cancel() if not task.cancelled() and task.exception() else None)
                response = await call.read()
        finally:
            call.cancel()
            if writing:
                writing.cancel()
                await asyncio.wait([writing])
                if not writing.cancelled():
                    writing.result()  # raises what went wrong in it

    @staticmethod
    async def _try_write(call, message: driver_pb2.ConnectRequest) -> bool:
        """False when the call is over; reading tells why."""
        try:
            await call.write(message)
            return True
        except (grpc.aio.AioRpcError, asyncio.InvalidStateError):
            return False

    def _receive(self, response: driver_pb2.ConnectResponse) -> None:
        if response.HasField("fix_ack"):
            self._acknowledge(response.fix_ack.through_sequence, response.fix_ack.verdicts)
        kind = response.WhichOneof("message")  # None: only an acknowledgement, or what a newer server says
        if kind == "welcome":
            self._welcome(response.welcome)
        elif kind == "resend_after":
            self._sent_through = self._resent_after = response.resend_after.sequence
        elif kind == "action_result":
            self._answer(response.action_result)
        elif kind == "reporting_policy":
            self.policy = response.reporting_policy
        elif kind == "command":
            self._do(response.command)
        elif kind == "token_accepted":
            say("token accepted")
        elif kind == "stream_closing":
            self._closing = response.stream_closing
            say(f"closing: {driver_pb2.StreamClosingReason.Name(self._closing.reason).removeprefix('STREAM_CLOSING_REASON_')}")
        if not self._fixes and not self._actions:
            self._drained.set()
        self._wake.set()

    def _welcome(self, welcome: driver_pb2.Welcome) -> None:
        if welcome.HasField("resume_after_sequence"):
            self._sent_through = welcome.resume_after_sequence
            self._acknowledge(welcome.resume_after_sequence, welcome.verdicts)
        else:
            # The log cannot be read now: from the oldest fix that was never acknowledged, and say so.
            self._sent_through = self._resent_after = self._fixes[0].sequence - 1 if self._fixes else self._last_sequence
        self.policy = welcome.reporting_policy
        self._schedule_refresh(welcome.server_time.ToMilliseconds() / 1000)
        say(f"connected: attempt {self._attempt}, vehicle {welcome.vehicle_id or 'none'}, fixes from {self._sent_through + 1}")
        if welcome.HasField("route_plan"):
            self._deliver(driver_pb2.Command(route_changed=welcome.route_plan))

    def _acknowledge(self, through: int, verdicts) -> None:
        while self._fixes and self._fixes[0].sequence <= through:
            self._fixes.popleft()
            self.acknowledged += 1
        for verdict in verdicts:
            if verdict.outcome == fix_pb2.FIX_OUTCOME_REJECTED:
                say(f"fix {verdict.sequence} {fix_pb2.FixRejectReason.Name(verdict.reason)}: {verdict.measured} with a limit of {verdict.limit}")

    def _answer(self, result: driver_pb2.ActionResult) -> None:
        if not self._actions or result.action_id != self._actions[0].action_id:
            return  # answered before: a repeat
        self._in_flight = ""
        if result.status.code == grpc.StatusCode.UNAVAILABLE.value[0]:
            # Not yet. Those behind it wait, too, and so keep their order.
            self._next_action_at = time.monotonic() + Backoff().next(common.retry_after(result.status) or 0.5)
            return
        self.answered += 1
        self._on_result(self._actions.popleft(), result.status)

    def _do(self, command: driver_pb2.Command) -> None:
        if command.sequence <= self._last_command:
            return
        if command.WhichOneof("command"):
            self._deliver(command)
        else:
            self._ack.unsupported_sequences.append(command.sequence)
        # Only now: an app that dies before is sent the command again.
        self._last_command = self._ack.through_sequence = command.sequence

    def _deliver(self, command: driver_pb2.Command) -> None:
        if command.HasField("route_changed"):
            # The plan comes in Welcome and as a command: only a newer one replaces it.
            if command.route_changed.route_plan_version <= self._route_plan_version:
                return
            self._route_plan_version = command.route_changed.route_plan_version
        self._on_command(command)

    def _schedule_refresh(self, server_time: float) -> None:
        """At four fifths of what is left of the token, by the server's clock, since the phone's may be wrong."""
        self._server_clock_offset = server_time - time.monotonic()
        end = common.token_end(self._tokens.newest)
        self._refresh_at = time.monotonic() + max(1.0, (end - server_time) * 0.8) if end else None

    def _refresh(self) -> None:
        before = self._tokens.newest
        try:
            token = self._tokens.get()
            self._new_token = token if token != before else ""
        except OSError as error:
            say(f"no new token: {error}")  # the old one still holds; asked again
        self._schedule_refresh(self._server_clock_offset + time.monotonic())

    async def _write(self, call) -> None:
        wrote_at = time.monotonic()
        while not self._closing:
            self._wake.clear()
            heartbeat_at = wrote_at + 0.8 * (self.policy.heartbeat_interval.ToTimedelta().total_seconds() or 15)
            message = self._next_message(heartbeat_at)
            if message:
                if not await self._try_write(call, message):
                    return
                wrote_at = time.monotonic()
                continue
            action_at = self._next_action_at if self._actions and not self._in_flight else None
            due = min(at for at in (heartbeat_at, self._refresh_at, action_at) if at is not None)
            try:
                await asyncio.wait_for(self._wake.wait(), max(0.01, due - time.monotonic()))
            except TimeoutError:
                pass  # something is due

    def _next_message(self, heartbeat_at: float) -> driver_pb2.ConnectRequest | None:
        """The most urgent first."""
        now = time.monotonic()
        if self._refresh_at and now >= self._refresh_at:
            self._refresh()
        if self._new_token:
            token, self._new_token = self._new_token, ""
            return driver_pb2.ConnectRequest(token_refresh=driver_pb2.TokenRefresh(token=token))
        if self._actions and not self._in_flight and now >= self._next_action_at:
            self._in_flight = self._actions[0].action_id
            return driver_pb2.ConnectRequest(action=self._actions[0])
        if self._ack.through_sequence:
            ack, self._ack = self._ack, driver_pb2.CommandAck()
            return driver_pb2.ConnectRequest(command_ack=ack)
        if batch := self._next_batch():
            return driver_pb2.ConnectRequest(locations=batch)
        if now >= heartbeat_at:
            return driver_pb2.ConnectRequest(heartbeat=driver_pb2.Heartbeat(buffered_fix_count=len(self._fixes)))
        return None

    def _next_batch(self) -> fix_pb2.LocationBatch | None:
        fixes = [fix for fix in self._fixes if fix.sequence > self._sent_through][:MAX_BATCH]
        if not fixes:
            return None
        batch = fix_pb2.LocationBatch(sent_at_unix_ms=unix_ms(), fixes=fixes, ack_requested=self._flush, resent_after_sequence=self._resent_after)
        again = sum(fix.sequence <= self._highest_sent for fix in fixes)
        self.resent += again
        self.sent += len(fixes) - again
        self._sent_through, self._resent_after = fixes[-1].sequence, None
        self._highest_sent = max(self._highest_sent, self._sent_through)
        return batch
