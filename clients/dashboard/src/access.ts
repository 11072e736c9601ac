import type { AskForToken } from "@ride-tracking/client";

const storageKey = "ride-tracking.token";

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
  const response = await fetch("./dev/token", { cache: "no-store", signal });
  if (response.status === 404) return undefined;
  if (!response.ok) throw new Error(`the server answered ${response.status} when asked for a token`);
  return ((await response.json()) as { token: string }).token;
}
