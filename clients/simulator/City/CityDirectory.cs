using Grpc.Core;
using RideTracking.V1;

namespace RideTracking.Simulator.City;

/// <summary>Who lives in the city, entered in the server's directory.</summary>
internal static class CityDirectory
{
    private const int CallsAtATime = 16;

    private static readonly string[] _names =
    [
        "Ana", "Bruno", "Carla", "Diogo", "Eva", "Filipe", "Graça", "Hugo", "Inês", "João", "Lara", "Miguel", "Nuno", "Olga", "Paulo", "Rita", "Sara", "Tiago", "Vera", "Zé",
    ];

    private static readonly string[] _cars =
    [
        "white Toyota Prius", "black Škoda Octavia", "silver Renault Zoe", "blue Volkswagen ID.3", "grey Tesla Model 3", "red Seat Leon", "white Nissan Leaf", "green Dacia Jogger",
    ];

    public static string DriverId(int index) => $"driver-{index + 1:0000}";

    public static string VehicleId(int index) => $"vehicle-{index + 1:0000}";

    public static string RiderId(int index) => $"rider-{index + 1:0000}";

    /// <summary>Enters all; waits for a server that has not started yet.</summary>
    public static async Task RegisterAsync(ServerConnections connections, int drivers, int riders, int seed, TimeProvider time, CancellationToken ct)
    {
        var client = new DirectoryService.DirectoryServiceClient(connections.Next());
        var parallel = new ParallelOptions { MaxDegreeOfParallelism = CallsAtATime, CancellationToken = ct };
        await Parallel.ForAsync(0, drivers, parallel, async (i, stop) =>
        {
            var random = new Random(seed + i);
            var vehicle = new Vehicle
            {
                VehicleId = VehicleId(i),
                Description = _cars[random.Next(_cars.Length)],
                LicensePlate = $"{(char)('A' + random.Next(26))}{(char)('A' + random.Next(26))}-{random.Next(100):00}-{i % 100:00}",
                Seats = 4,
            };
            var driver = new Driver
            {
                DriverId = DriverId(i),
                DisplayName = _names[random.Next(_names.Length)],
                Rating = Math.Round(4 + random.NextDouble(), 1),
                VehicleId = vehicle.VehicleId,
            };
            await UntilServedAsync(options => client.UpsertVehicleAsync(new UpsertVehicleRequest { Vehicle = vehicle }, options));
            await UntilServedAsync(options => client.UpsertDriverAsync(new UpsertDriverRequest { Driver = driver }, options));

            async Task UntilServedAsync<T>(Func<CallOptions, AsyncUnaryCall<T>> call) => await connections.CallAsync(call, random, time, stop);
        });
        await Parallel.ForAsync(0, riders, parallel, async (i, stop) =>
        {
            var random = new Random(seed + drivers + i);
            var rider = new Rider { RiderId = RiderId(i), DisplayName = _names[random.Next(_names.Length)], Phone = $"+351 900 000 {i % 1000:000}" };
            await connections.CallAsync(options => client.UpsertRiderAsync(new UpsertRiderRequest { Rider = rider }, options), random, time, stop);
        });
    }
}
