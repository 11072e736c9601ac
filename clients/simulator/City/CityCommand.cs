using System.CommandLine;
using System.Globalization;
using Grpc.Core;

namespace RideTracking.Simulator.City;

/// <summary>The verb <c>city</c>.</summary>
internal static class CityCommand
{
    public static Command Create()
    {
        var drivers = new Option<int>("--drivers") { DefaultValueFactory = _ => 300, Description = "Drivers at work." };
        var riders = new Option<int>("--riders") { DefaultValueFactory = _ => 60, Description = "Riders who ask for trips, again and again." };
        var center = new Option<Place>("--center")
        {
            DefaultValueFactory = _ => new Place(41.16, -8.62),
            Description = "Middle of the city: latitude,longitude in degrees.",
            CustomParser = result =>
            {
                var parts = result.Tokens[0].Value.Split(',');
                if (parts.Length == 2
                    && double.TryParse(parts[0], CultureInfo.InvariantCulture, out var latitude) && Math.Abs(latitude) <= 80
                    && double.TryParse(parts[1], CultureInfo.InvariantCulture, out var longitude) && Math.Abs(longitude) <= 180)
                {
                    return new Place(latitude, longitude);
                }
                result.AddError("--center must be latitude,longitude in degrees, for instance 41.16,-8.62; the latitude from -80 to 80.");
                return default;
            },
        };
        var seed = new Option<int>("--seed") { DefaultValueFactory = _ => 1, Description = "The same seed makes the same city." };
        var duration = new Option<double?>("--duration") { Description = "Seconds to run; until Ctrl-C without it." };
        var command = new Command("city", "A living city: drivers on made-up streets, riders who ask for trips.") { drivers, riders, center, seed, duration };
        var server = new ServerOptions();
        server.AddTo(command);
        command.Validators.Add(parsed =>
        {
            if (parsed.GetValue(drivers) is < 1 or > 9999)
                parsed.AddError("--drivers must be 1 to 9999.");
            if (parsed.GetValue(riders) is < 0 or > 9999)
                parsed.AddError("--riders must be 0 to 9999.");
            if (parsed.GetValue(duration) is <= 0 or > 2_000_000)
                parsed.AddError("--duration must be more than 0 seconds and at most 2000000.");
        });
        command.SetAction(async (parsed, ct) =>
        {
            using var connections = server.Connect(parsed);
            var city = new CityRun(
                connections, new StreetGrid(parsed.GetValue(center)), parsed.GetValue(drivers), parsed.GetValue(riders), parsed.GetValue(seed), TimeProvider.System);
            TimeSpan? limit = parsed.GetValue(duration) is { } seconds ? TimeSpan.FromSeconds(seconds) : null;
            try
            {
                await Progress.ShowAsync(city.ProgressLine, () => city.RunAsync(limit, ct));
            }
            catch (RpcException e)
            {
                throw new UserErrorException($"The server at {connections.Server} refuses: {e.StatusCode}: {e.Status.Detail}");
            }
            finally
            {
                Console.WriteLine(city.ProgressLine());
                Console.WriteLine(city.Troubles());
            }
            return 0;
        });
        return command;
    }
}
