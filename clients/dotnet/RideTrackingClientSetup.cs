using Microsoft.Extensions.DependencyInjection;

namespace RideTracking.Client;

/// <summary>Wires the client into a program's services.</summary>
public static class RideTrackingClientSetup
{
    /// <summary>Adds one <see cref="RideTrackingClient"/>, closed with the program. Options are checked when it starts.</summary>
    /// <param name="services">The program's.</param>
    /// <param name="configure">Says where the server is, and with which token it is called.</param>
    public static IServiceCollection AddRideTrackingClient(this IServiceCollection services, Action<RideTrackingClientOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(configure);
        services.AddOptions<RideTrackingClientOptions>()
            .Configure(configure)
            .Validate(o => o.Addresses.Count > 0, "RideTrackingClientOptions.Addresses needs the server's address, such as https://rides.example.")
            .ValidateOnStart();
        services.AddSingleton<RideTrackingClient>();
        return services;
    }
}
