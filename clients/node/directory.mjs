// What the company's backend does before anybody drives: enters drivers, each with a vehicle, or riders into the directory.
// node directory.mjs --token-file data/dev-service.token --id d1,d2 [--rider]     (a token of role `service`)
import { promisify } from "node:util";
import { openClient, parseArguments, services, TokenSource } from "./common.mjs";

const args = parseArguments({ rider: { type: "boolean", default: false } });
const client = openClient(services.DirectoryService, args);
const metadata = new TokenSource(args["token-file"]).metadata();
const call = (method, request) => promisify(client[method].bind(client))(request, metadata, { deadline: Date.now() + 60_000 });

for (const id of args.id.split(",")) {
  if (args.rider) {
    await call("upsertRider", { rider: { riderId: id, displayName: `Rider ${id}` } });
  } else {
    const vehicleId = `v-${id}`;
    await call("upsertVehicle", { vehicle: { vehicleId, description: "white Toyota Prius", licensePlate: id.toUpperCase().slice(0, 16), seats: 4 } });
    await call("upsertDriver", { driver: { driverId: id, displayName: `Driver ${id}`, vehicleId } });
  }
  console.log(`entered ${id}`);
}
client.close();
