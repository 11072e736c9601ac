// What JSON does better: a browser's engine reads it with code of its own, and an answer can be squeezed as a whole.
//
//   npm run build --prefix clients/typescript && node loadtests/RideTracking.Benchmarks/Wires/decode.mjs [drivers] [rounds]
import {gzipSync} from 'node:zlib';
import {create, fromBinary, fromJsonString, toBinary, toJsonString} from '../../../clients/typescript/node_modules/@bufbuild/protobuf/dist/esm/index.js';
import {DriverAvailability, DriverLink, DriverWork} from '../../../clients/typescript/dist/gen/ridetracking/v1/trip_pb.js';
import {SearchDriversResponseSchema} from '../../../clients/typescript/dist/gen/ridetracking/v1/dispatch_pb.js';

const count = Number(process.argv[2] ?? 200);
const rounds = Number(process.argv[3] ?? 7);
const round = (value, digits) => Number(value.toFixed(digits));
const drivers = Array.from({length: count}, (_, i) => ({
  driverId: `driver-${String(i * 97).padStart(6, '0')}`,
  distanceMeters: round(11.3 * (i + 1), 1),
  location: {latitude: round(41.15 + i * 0.0001371, 7), longitude: round(-8.61 - i * 0.0000913, 7)},
  fixAge: {seconds: 2n, nanos: 400_000_000},
  availability: DriverAvailability.AVAILABLE,
  work: DriverWork.IDLE,
  link: DriverLink.CONNECTED,
  vehicleId: `vehicle-${i * 97}`,
  vehicleType: 'sedan',
  seats: 4,
}));
const message = create(SearchDriversResponseSchema, {drivers});
const binary = toBinary(SearchDriversResponseSchema, message);
const mapped = toJsonString(SearchDriversResponseSchema, message);
const plain = JSON.stringify({
  drivers: drivers.map((d) => ({...d, fixAge: undefined, fixAgeSeconds: 2.4, availability: 'available', work: 'idle', link: 'connected'})),
});

const ways = {
  'protobuf, protobuf-es': [binary, () => fromBinary(SearchDriversResponseSchema, binary).drivers.length],
  'JSON by hand, JSON.parse': [plain, () => JSON.parse(plain).drivers.length],
  'JSON as protobuf maps it, JSON.parse': [mapped, () => JSON.parse(mapped).drivers.length],
  'JSON as protobuf maps it, protobuf-es': [mapped, () => fromJsonString(SearchDriversResponseSchema, mapped).drivers.length],
};
const took = Object.fromEntries(Object.keys(ways).map((name) => [name, []]));
for (let r = 0; r < rounds; r++) {
  for (const [name, [, read]] of Object.entries(ways)) {
    const until = performance.now() + 300;
    const began = process.cpuUsage();
    let times = 0;
    while (performance.now() < until) {
      if (read() !== count) {
        throw new Error(`${name} read something else.`);
      }
      times++;
    }
    const used = process.cpuUsage(began);
    took[name].push((used.user + used.system) / times);
  }
}

console.log(`${count} drivers, medians of ${rounds} rounds`);
for (const [name, [bytes]] of Object.entries(ways)) {
  const sorted = took[name].sort((one, other) => one - other);
  console.log(
    `${name.padEnd(40)}${String(bytes.length).padStart(8)} B${String(gzipSync(bytes).length).padStart(8)} B gzip${sorted[sorted.length >> 1].toFixed(0).padStart(8)} us to read`,
  );
}
