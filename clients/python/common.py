"""What both examples share: arguments, the channel, tokens, and what an error says about trying again."""

import argparse
import base64
import json
import pathlib
import random
import sys

# Generated code (see README.md) is no package of its own: its imports begin at its folder.
sys.path.insert(0, str(pathlib.Path(__file__).parent / "gen"))

import grpc  # noqa: E402
from google.rpc import error_details_pb2, status_pb2  # noqa: E402

# Others say that the call is wrong or not allowed: the same again would fail again.
RETRIABLE = {
    grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED, grpc.StatusCode.RESOURCE_EXHAUSTED,
    grpc.StatusCode.ABORTED, grpc.StatusCode.INTERNAL, grpc.StatusCode.UNKNOWN, grpc.StatusCode.CANCELLED,
}

CHANNEL_OPTIONS = [
    # Pings find a dead network within half a minute, also while nothing is sent.
    ("grpc.keepalive_time_ms", 20_000),
    ("grpc.keepalive_timeout_ms", 10_000),
    ("grpc.http2.max_pings_without_data", 0),
    # How long to wait after a failure is decided here and not in the channel, which would go up to two minutes.
    ("grpc.initial_reconnect_backoff_ms", 100),
    # In spite of its name the longest that connecting may take.
    ("grpc.min_reconnect_backoff_ms", 10_000),
    ("grpc.max_reconnect_backoff_ms", 1_000),
]


def argument_parser(program: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(program)
    parser.add_argument("--server", default="127.0.0.1:5001", help="host:port")
    parser.add_argument("--id", required=True, help="the driver's or rider's id")
    parser.add_argument("--token-file", required=True, type=pathlib.Path, help="holds the bearer token; read again for each new one")
    parser.add_argument("--tls", action="store_true", help="TLS; without it HTTP/2 in the clear")
    return parser


def place(text: str) -> tuple[float, float]:
    latitude, longitude = text.split(",")
    return float(latitude), float(longitude)


def open_channel(args, grpc_api):
    """`grpc_api` is `grpc` or `grpc.aio`."""
    if args.tls:
        return grpc_api.secure_channel(args.server, grpc.ssl_channel_credentials(), CHANNEL_OPTIONS)
    return grpc_api.insecure_channel(args.server, CHANNEL_OPTIONS)


def say(text: str) -> None:
    print(text, flush=True)


class TokenSource:
    """Where tokens come from: here a file that somebody keeps fresh, in an app the company's backend."""

    def __init__(self, path: pathlib.Path):
        self._path = path
        self.newest = ""

    def get(self) -> str:
        self.newest = self._path.read_text().strip()
        return self.newest

    def metadata(self) -> tuple:
        return (("authorization", f"Bearer {self.get()}"),)

    def may_try_again(self, error: grpc.RpcError) -> bool:
        """A token that was refused is worth a second call only when there is another one."""
        if error.code() == grpc.StatusCode.UNAUTHENTICATED:
            refused = self.newest
            return self.get() != refused
        return error.code() in RETRIABLE


def token_end(token: str) -> float | None:
    """When a token ends, in seconds since 1970; None when it does not tell."""
    parts = token.split(".")
    if len(parts) != 3:
        return None
    try:
        return float(json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))["exp"])
    except (ValueError, KeyError, TypeError):
        # An opaque token: the server says when it ends, by closing the stream.
        return None


class Backoff:
    """Full jitter: between nothing and a bound that doubles with each failure, so that clients do not come back in waves."""

    INITIAL_SECONDS = 0.25
    MAX_SECONDS = 15.0

    def __init__(self):
        self._failures = 0

    def reset(self) -> None:
        self._failures = 0

    def next(self, told_seconds: float | None = None) -> float:
        """Seconds to wait. Those who were told the same time spread over as much time again."""
        bound = min(self.INITIAL_SECONDS * 2 ** self._failures, self.MAX_SECONDS)
        self._failures = min(self._failures + 1, 30)
        return told_seconds * (1 + random.random()) if told_seconds else bound * random.random()


def detail(status: status_pb2.Status | None, kind):
    """The detail of that kind (RetryInfo, ErrorInfo, …) in a status, or None."""
    for any_detail in status.details if status else ():
        if any_detail.Is(kind.DESCRIPTOR):
            found = kind()
            any_detail.Unpack(found)
            return found
    return None


def status_of(error: grpc.RpcError | None) -> status_pb2.Status | None:
    for key, value in (error.trailing_metadata() or ()) if error else ():
        if key == "grpc-status-details-bin":
            return status_pb2.Status.FromString(value)
    return None


def retry_after(status: status_pb2.Status | None) -> float | None:
    info = detail(status, error_details_pb2.RetryInfo)
    return info.retry_delay.ToTimedelta().total_seconds() if info else None
