/** A bearer token and how long the page may use it. */
export interface Token {
  readonly value: string;
  /** Seconds from being issued to its end; undefined when the token does not tell. */
  readonly lifetimeSeconds: number | undefined;
}

/** Reads the claims of a JWT; the page only wants to know its lifetime, the server checks the rest. */
export function readToken(value: string): Token {
  const payload = value.split(".")[1] ?? "";
  let claims: { iat?: number; nbf?: number; exp?: number } = {};
  try {
    claims = JSON.parse(atob(payload.replaceAll("-", "+").replaceAll("_", "/"))) as typeof claims;
  } catch {
    // Not a JWT: the server may still know it.
  }
  const issued = claims.iat ?? claims.nbf;
  return {
    value,
    lifetimeSeconds: claims.exp === undefined || issued === undefined ? undefined : claims.exp - issued,
  };
}

const storageKey = "ride-tracking.token";

/**
 * The page's token: from the development server's own endpoint, or else what somebody pastes into a field, kept for as
 * long as the tab lives.
 */
export class Access {
  private token: Promise<Token> | undefined;
  private renewTimer: ReturnType<typeof setTimeout> | undefined;

  /**
   * @param askForToken shows the field and resolves with what was pasted
   * @param onRenewed a newer token is there: open streams should be opened anew with it
   */
  constructor(
    private readonly askForToken: () => Promise<string>,
    private readonly onRenewed: () => void,
  ) {}

  async value(): Promise<string> {
    this.token ??= this.obtain();
    try {
      return (await this.token).value;
    } catch (error) {
      this.token = undefined;
      throw error;
    }
  }

  /** The server refused the token: the next call gets another one. */
  refused(): void {
    this.token = undefined;
    sessionStorage.removeItem(storageKey);
  }

  private async obtain(): Promise<Token> {
    const issued = await fetchDevelopmentToken();
    if (issued !== undefined) {
      const token = readToken(issued);
      this.renewLater(token);
      return token;
    }
    const kept = sessionStorage.getItem(storageKey);
    if (kept !== null) return readToken(kept);
    const pasted = (await this.askForToken()).trim();
    sessionStorage.setItem(storageKey, pasted);
    return readToken(pasted);
  }

  /** By the token's own length, not by its end: the server's clock may be another, and may run faster. */
  private renewLater(token: Token): void {
    clearTimeout(this.renewTimer);
    if (token.lifetimeSeconds === undefined) return;
    this.renewTimer = setTimeout(() => void this.renew(), token.lifetimeSeconds * 600);
  }

  private async renew(): Promise<void> {
    const issued = await fetchDevelopmentToken().catch(() => undefined);
    if (issued === undefined) return;
    const token = readToken(issued);
    this.token = Promise.resolve(token);
    this.renewLater(token);
    this.onRenewed();
  }
}

/** A short-lived token of role `ops`; undefined where the server hands out none. Throws when it cannot be reached. */
async function fetchDevelopmentToken(): Promise<string | undefined> {
  const response = await fetch("./dev/token", { cache: "no-store" });
  if (response.status === 404) return undefined;
  if (!response.ok) throw new Error(`the server answered ${response.status} when asked for a token`);
  return ((await response.json()) as { token: string }).token;
}
