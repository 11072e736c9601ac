import { defineConfig } from "vite";

export default defineConfig({
  // Relative, so that the page also works below a path of a reverse proxy.
  base: "./",
  build: {
    target: "es2022",
    // The map library is one big chunk by itself.
    chunkSizeWarningLimit: 1500,
  },
  server: {
    // `npm run dev` against a running server.
    proxy: Object.fromEntries(
      ["/ridetracking.v1.FleetService", "/ridetracking.v1.DispatchService", "/dev/token", "/tiles"].map((path) => [path, process.env["SERVER"] ?? "http://localhost:8080"]),
    ),
  },
});
