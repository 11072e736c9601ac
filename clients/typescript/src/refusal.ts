import { durationMs } from "@bufbuild/protobuf/wkt";
import { Code, type ConnectError } from "@connectrpc/connect";
import { ErrorInfoSchema, RetryInfoSchema } from "./gen/google/rpc/error_details_pb.js";

/** The same call may succeed later. CANCELLED is one of them when it was not the caller who cancelled. */
const transientCodes: ReadonlySet<Code> = new Set([
  Code.Unavailable,
  Code.DeadlineExceeded,
  Code.ResourceExhausted,
  Code.Internal,
  Code.Unknown,
  Code.Canceled,
]);

/** Whether the server would say the same to the same call again. */
export function isRefusal(error: ConnectError): boolean {
  return !transientCodes.has(error.code);
}

/** The wait that the server asked for, in milliseconds; undefined when it named none. */
export function retryAfterMs(error: ConnectError): number | undefined {
  const delay = error.findDetails(RetryInfoSchema)[0]?.retryDelay;
  return delay === undefined ? undefined : durationMs(delay);
}

/** The server's reason, a constant such as `SHARE_LINK_NOT_FOUND`; undefined when it told none. */
export function reasonOf(error: ConnectError): string | undefined {
  return error.findDetails(ErrorInfoSchema)[0]?.reason;
}
