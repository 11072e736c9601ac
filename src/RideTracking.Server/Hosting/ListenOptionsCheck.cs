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
        check.Require(
            options.ManagementAddress.Length == 0 || IPAddress.TryParse(options.ManagementAddress, out _),
            "ManagementAddress must be an IP address such as 127.0.0.1 or 0.0.0.0, or empty for that of Listen:Address.");
        CheckTls(check, options.Tls);
        foreach (var proxy in options.Proxies)
        {
            check.Require(
                IPAddress.TryParse(proxy, out _) || IPNetwork.TryParse(proxy, out _),
                $"TrustedProxies holds '{proxy}', which is neither an address nor a network such as 10.0.0.0/8; write commas in between.");
        }

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

    private static void CheckTls(OptionsCheck check, TlsOptions tls)
    {
        check.Require(
            tls.CertificateFile.Length == 0 || tls.Certificate.Length == 0, "Tls:CertificateFile and Listen:Tls:Certificate are two ways to say the same: set one of them.");
        check.Require(
            (tls.CertificateFile.Length > 0) == (tls.KeyFile.Length > 0), "Tls:CertificateFile and Listen:Tls:KeyFile belong together: set both, or neither.");
        check.Require(
            (tls.Certificate.Length > 0) == (tls.Key.Length > 0), "Tls:Certificate and Listen:Tls:Key belong together: set both, or neither.");
        check.Require(tls.ClientRootsFile.Length == 0 || tls.IsOn, "Tls:ClientRootsFile needs a certificate of the server's: set Listen:Tls:CertificateFile and Listen:Tls:KeyFile.");
        check.Require(
            tls.ReloadInterval >= TimeSpan.FromSeconds(1) && tls.ReloadInterval <= TimeSpan.FromDays(1), "Tls:ReloadInterval must be 1 s to 1 d.");
    }
}
