import { createClient, type Client, type Interceptor } from "@connectrpc/connect";
import { createGrpcWebTransport } from "@connectrpc/connect-web";
import type { Access } from "./access.ts";
import { DispatchService } from "./gen/ridetracking/v1/dispatch_pb.ts";
import { FleetService } from "./gen/ridetracking/v1/fleet_pb.ts";

/** The services of the server that the page came from, over gRPC-Web. */
export function createClients(access: Access): { fleet: Client<typeof FleetService>; dispatch: Client<typeof DispatchService> } {
  const authorize: Interceptor = (next) => async (request) => {
    request.header.set("authorization", `Bearer ${await access.value()}`);
    return next(request);
  };
  const transport = createGrpcWebTransport({ baseUrl: new URL(".", window.location.href).href, interceptors: [authorize] });
  return { fleet: createClient(FleetService, transport), dispatch: createClient(DispatchService, transport) };
}
