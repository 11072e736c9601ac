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
            DefaultValueFactory = _ => new Place(41.1496, -8.611),
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
                result.AddError("--center must be latitude,longitude in degrees, for instance 41.1496,-8.611; the latitude from -80 to 80.");
                return default;
            },
        };
        var radius = new Option<double>("--radius") { DefaultValueFactory = _ => 3_000, Description = "How far from its middle the city reaches, in metres." };
        var wrongTurns = new Option<double>("--wrong-turns") { DefaultValueFactory = _ => 3, Description = "On how many of a hundred ways to a rider or a destination the driver takes a wrong turn." };
        var seed = new Option<int>("--seed") { DefaultValueFactory = _ => 1, Description = "The same seed makes the same city." };
        var duration = new Option<double>("--duration") { Description = "Seconds to run; 0: until Ctrl-C." };
        var command = new Command("city", "A living city: drivers on the server's streets, riders who ask for trips.")
        {
            drivers, riders, center, radius, wrongTurns, seed, duration,
        };
        var server = new ServerOptions();
        server.AddTo(command);
        drivers.InRange(1, 9999);
        riders.InRange(0, 9999);
        radius.InRange(500, 100_000);
        wrongTurns.InRange(0, 100);
        duration.InRange(0, 2_000_000);
        command.SetAction(async (parsed, ct) =>
        {
            using var connections = server.Connect(parsed);
            var city = new CityRun(
                connections,
                new CityArea(parsed.GetValue(center), parsed.GetValue(radius)),
                parsed.GetValue(drivers),
                parsed.GetValue(riders),
                parsed.GetValue(wrongTurns) / 100,
                parsed.GetValue(seed),
                TimeProvider.System);
            TimeSpan? limit = parsed.GetValue(duration) is > 0 and var seconds ? TimeSpan.FromSeconds(seconds) : null;
            try
            {
                await Progress.ShowAsync(city.ProgressLine, () => city.RunAsync(limit, ct));
            }
            catch (RpcException e)
            {
                throw new UserErrorException($"The server at {connections.Servers} refuses: {e.StatusCode}: {e.Status.Detail}");
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
