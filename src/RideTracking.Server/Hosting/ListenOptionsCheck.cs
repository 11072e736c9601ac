using System.Net;
using Microsoft.Extensions.Options;

namespace RideTracking.Server.Hosting;

/// <summary>What attributes cannot say of <see cref="ListenOptions"/>.</summary>
internal sealed class ListenOptionsCheck : IValidateOptions<ListenOptions>
{
    private static readonly TimeSpan ShortestPing = TimeSpan.FromSeconds(1);

    public ValidateOptionsResult Validate(string? name, ListenOptions options)
    {
        var check = new OptionsCheck("Listen");
        check.Require(IPAddress.TryParse(options.Address, out _), "Address (--bind) must be an IP address such as 127.0.0.1 or 0.0.0.0.");
        check.AtLeast("WriteTimeout", options.WriteTimeout, ShortestPing);
        check.AtLeast("KeepAlivePingDelay", options.KeepAlivePingDelay, ShortestPing);
        check.AtLeast("KeepAlivePingTimeout", options.KeepAlivePingTimeout, ShortestPing);
        check.Require(options.ConnectionWindowBytes >= options.StreamWindowBytes, "ConnectionWindowBytes must be at least Listen:StreamWindowBytes.");
        foreach (var origin in options.Origins.Where(origin => origin != "*"))
        {
            check.Require(
                Uri.TryCreate(origin, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https" && uri.GetLeftPart(UriPartial.Authority) == origin,
                $"AllowedOrigins holds '{origin}', which is no origin: write https://host or https://host:port, without a path, and commas in between.");
        }

        return check.Result;
    }
}
