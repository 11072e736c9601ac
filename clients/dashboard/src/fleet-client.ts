import { createClient, type Client, type Interceptor } from "@connectrpc/connect";
import { createGrpcWebTransport } from "@connectrpc/connect-web";
import type { Access } from "./access.ts";
import { FleetService } from "./gen/ridetracking/v1/fleet_pb.ts";

/** The fleet service of the server that the page came from, over gRPC-Web. */
export function createFleetClient(access: Access): Client<typeof FleetService> {
  const authorize: Interceptor = (next) => async (request) => {
    request.header.set("authorization", `Bearer ${await access.value()}`);
    return next(request);
  };
  return createClient(
    FleetService,
    createGrpcWebTransport({ baseUrl: new URL(".", window.location.href).href, interceptors: [authorize] }),
  );
}
