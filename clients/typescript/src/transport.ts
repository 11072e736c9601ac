import { Code, ConnectError, type Interceptor, type Transport } from "@connectrpc/connect";
import { createGrpcWebTransport } from "@connectrpc/connect-web";
import type { TokenSource } from "./tokens.js";

export interface TransportOptions {
  /** Where the server's gRPC-Web port is, or what stands before it. Of another origin than the page only where the server allows the page's. */
  readonly baseUrl: string;
  /** Absent for who needs no account: who has the token of a link. */
  readonly tokens?: TokenSource;
}

/** The way to the server for all clients of a page. */
export function createTransport({ baseUrl, tokens }: TransportOptions): Transport {
  return createGrpcWebTransport({ baseUrl, interceptors: tokens === undefined ? [] : [authorize(tokens)] });
}

/** Sends a token with each call, and tells its source when the server no longer takes it, also in the middle of a stream. */
export function authorize(tokens: TokenSource): Interceptor {
  return (next) => async (request) => {
    const token = await tokens.token(request.signal);
    request.header.set("authorization", `Bearer ${token}`);
    const notice = (error: unknown): never => {
      if (ConnectError.from(error).code === Code.Unauthenticated) tokens.refused(token);
      throw error;
    };
    const response = await next(request).catch(notice);
    return response.stream ? { ...response, message: withNotice(response.message, notice) } : response;
  };
}

async function* withNotice<T>(messages: AsyncIterable<T>, notice: (error: unknown) => never): AsyncGenerator<T> {
  try {
    yield* messages;
  } catch (error) {
    notice(error);
  }
}
