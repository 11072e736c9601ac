import type { AskForToken } from "@ride-tracking/client";

const storageKey = "ride-tracking.token";
const developmentKey = "ride-tracking.development-key";

/**
 * Where the page's token comes from: the development server's own endpoint, or else what somebody pastes into a field, kept
 * for as long as the tab lives.
 * @param askPerson shows the field and resolves with what was pasted
 */
export function tokenOfPage(askPerson: () => Promise<string>): AskForToken {
  return async ({ refused, signal }) => {
    const issued = await fetchDevelopmentToken(signal);
    if (issued !== undefined) return issued;
    const kept = sessionStorage.getItem(storageKey);
    if (kept !== null && kept !== refused) return kept;
    sessionStorage.removeItem(storageKey);
    const pasted = (await askPerson()).trim();
    sessionStorage.setItem(storageKey, pasted);
    return pasted;
  };
}

/** A short-lived token of role `ops`; undefined where the server hands out none. Throws when it cannot be reached. */
async function fetchDevelopmentToken(signal: AbortSignal): Promise<string | undefined> {
  const headers = { "X-Development-Key": keepDevelopmentKey() };
  const response = await fetch("./dev/token", { cache: "no-store", headers, signal });
  if (response.status === 404) return undefined;
  if (!response.ok) throw new Error(`the server answered ${response.status} when asked for a token`);
  return ((await response.json()) as { token: string }).token;
}

/** The key in the address that a development server says at its start; it is taken out of there, and kept for the next tab. */
function keepDevelopmentKey(): string {
  const here = new URL(location.href);
  const given = here.searchParams.get("key");
  if (given === null) return localStorage.getItem(developmentKey) ?? "";
  localStorage.setItem(developmentKey, given);
  here.searchParams.delete("key");
  history.replaceState(history.state, "", here);
  return given;
}
