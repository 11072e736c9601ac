import { createClient, createTransport, DispatchService, FleetService, type Client, type TokenSource } from "@ride-tracking/client";

/** The services of the server that the page came from, over gRPC-Web. */
export function createClients(tokens: TokenSource): { fleet: Client<typeof FleetService>; dispatch: Client<typeof DispatchService> } {
  const transport = createTransport({ baseUrl: new URL(".", window.location.href).href, tokens });
  return { fleet: createClient(FleetService, transport), dispatch: createClient(DispatchService, transport) };
}
