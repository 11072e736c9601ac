// What the company's backend does before anybody drives: enters a driver with a vehicle, or a rider, into the directory.
// node directory.mjs --token-file data/dev-service.token --id d1 [--rider]     (a token of role `service`)
import { promisify } from "node:util";
import { openClient, parseArguments, services, TokenSource } from "./common.mjs";

const args = parseArguments({ rider: { type: "boolean", default: false } });
const client = openClient(services.DirectoryService, args);
const metadata = new TokenSource(args["token-file"]).metadata();
const call = (method, request) => promisify(client[method].bind(client))(request, metadata, { deadline: Date.now() + 10_000 });

if (args.rider) {
  await call("upsertRider", { rider: { riderId: args.id, displayName: `Rider ${args.id}` } });
} else {
  const vehicleId = `v-${args.id}`;
  await call("upsertVehicle", { vehicle: { vehicleId, description: "white Toyota Prius", licensePlate: args.id.toUpperCase().slice(0, 16), seats: 4 } });
  await call("upsertDriver", { driver: { driverId: args.id, displayName: `Driver ${args.id}`, vehicleId } });
}
console.log(`entered ${args.id}`);
client.close();
