using Google.Type;
using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using RideTracking.V1;

namespace RideTracking.Client.Tests;

/// <summary>The code of the library's README, as it stands there: <see cref="ReadmeTests"/> compares. It only has to compile.</summary>
internal static class ReadmeSamples
{
    public static async Task DriverAsync(string appData, IBackend backend, ILogger logger, IScreen screen, INavigation navigation, Sensor sensor, CancellationToken stopping)
    {
        using var channel = RideTrackingChannel.Create(new Uri("https://rides.example"));
        using var buffer = OfflineBuffer.Open(Path.Combine(appData, "driver-17.buffer"), "driver-17");

        await using var connection = new DriverConnection(channel, buffer, new DriverConnectionOptions
        {
            DriverId = "driver-17",
            TokenSource = async ct => await backend.GetTokenAsync(ct), // asked again before each token ends
            Logger = logger,                                           // connected, lost and why, refused
            OnCommand = async (command, ct) =>                         // in order, each once; acknowledged when this returns
            {
                if (command.TripOffer is { } offer)
                    await screen.ShowAsync(offer, ct);
                else if (command.RouteChanged is { } plan)
                    navigation.Follow(plan);
            },
            OnReportingPolicy = policy => sensor.Follow(policy),       // how often to report
        });
        var running = connection.RunAsync(stopping);                   // until cancelled or until it must not come back

        sensor.Reading += reading => connection.Report(reading);       // never waits for the network
        var answer = await connection.ActAsync(new DriverAction { SetAvailability = new() { Availability = DriverAvailability.Available } }, stopping);
        if (answer.Status.Code != 0)
            screen.Say(answer.Status.Message);                         // DRIVER_NOT_IN_DIRECTORY, for instance

        try
        {
            if (await running == ConnectionEnd.TakenOver)
                screen.Say("You are driving with another phone now.");
        }
        catch (RpcException refused)                                   // PERMISSION_DENIED: not this token's driver; UNAUTHENTICATED: three tokens were refused
        {
            screen.Say($"The server refuses this driver: {refused.Status.Detail}");
        }
    }

    public static async Task RiderAsync(ChannelBase channel, IBackend backend, IScreen screen, Waypoint pickup, Waypoint dropoff, CancellationToken stopping)
    {
        var rider = new RiderConnection(channel, new RiderConnectionOptions { TokenSource = async ct => await backend.GetTokenAsync(ct) });
        var trip = await rider.RequestTripAsync(new RequestTripRequest { RiderId = "rider-4", PartySize = 1, Waypoints = { pickup, dropoff } }, stopping);
        await foreach (var change in rider.WatchTripAsync(trip.TripId, stopping))
            screen.Show(change.Trip, change.Position);                 // ends with the trip, mends itself until then
    }

    public static void Services(IServiceCollection services, IBackend backend)
    {
        services.AddRideTrackingClient(options =>
        {
            options.Addresses.Add(new Uri("https://rides.example"));
            options.TokenSource = async ct => await backend.GetTokenAsync(ct);
        });
    }

    public static async Task<SearchDriversResponse> BackendAsync(IServiceProvider provider, LatLng place, CancellationToken stopping)
    {
        var client = provider.GetRequiredService<RideTrackingClient>(); // one channel for all, closed with the program
        await client.Directory.UpsertDriverAsync(new UpsertDriverRequest { Driver = new() { DriverId = "driver-17", DisplayName = "Dora" } }, cancellationToken: stopping);
        var found = await client.Dispatch.SearchDriversAsync(new SearchDriversRequest { Center = place, RadiusMeters = 2_000 }, cancellationToken: stopping);
        return found;
    }

    internal interface IBackend
    {
        Task<string> GetTokenAsync(CancellationToken cancellationToken);
    }

    internal interface IScreen
    {
        Task ShowAsync(TripOffer offer, CancellationToken cancellationToken);

        void Show(Trip? trip, VehiclePosition? position);

        void Say(string words);
    }

    internal interface INavigation
    {
        void Follow(RouteChanged plan);
    }

    internal sealed class Sensor
    {
        public event Action<LocationReading>? Reading;

        public void Follow(ReportingPolicy policy) => Reading?.Invoke(default);
    }
}
