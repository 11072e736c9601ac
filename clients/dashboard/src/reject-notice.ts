import { FixRejectReason, type LastReject } from "@ride-tracking/client/v1/fix";

/** From so many of the last 64 on, something is wrong with what the phone sends, or there are two. */
const manyOfLast64 = 24;

const reasons: Partial<Record<FixRejectReason, string>> = {
  [FixRejectReason.INVALID_COORDINATE]: "no position, or none on earth",
  [FixRejectReason.INVALID_TIME]: "without a time",
  [FixRejectReason.FROM_FUTURE]: "from the future: the phone's clocks differ",
  [FixRejectReason.TOO_OLD]: "too old",
  [FixRejectReason.IMPOSSIBLE_JUMP]: "impossible jumps",
  [FixRejectReason.TOO_INACCURATE]: "too inaccurate",
  [FixRejectReason.MOCK_LOCATION]: "made up by an app",
  [FixRejectReason.SEQUENCE_REUSED]: "under numbers that were given before",
};

/** What ops should know of a driver's rejected fixes; nothing while all is well. */
export function rejectNotice(last: LastReject | undefined): string {
  if (last === undefined) return "";
  const why = reasons[last.reason] ?? "not believed";
  if (last.isUnseen) return `Not seen: the last ${last.rejectedInARow} fixes were rejected (${why}).`;
  if (last.rejectedOfLast64 < manyOfLast64) return "";
  const two = last.reason === FixRejectReason.IMPOSSIBLE_JUMP ? " Two phones under one name look like this." : "";
  return `${last.rejectedOfLast64} of the last 64 fixes were rejected (${why}).${two}`;
}
