using Microsoft.Extensions.Options;

namespace RideTracking.Server.Hosting;

/// <summary>Looks for a new certificate every <see cref="TlsOptions.ReloadInterval"/>.</summary>
internal sealed class TlsRenewal(TlsCertificates certificates, IOptions<ListenOptions> options, [FromKeyedServices(Clock.MachineClock)] TimeProvider clock, Loops loops)
    : LoopService(loops.Create("tls_renewal", clock), options.Value.Tls.ReloadInterval)
{
    protected override Task LookAsync(CancellationToken stopping)
    {
        certificates.Renew();
        return Task.CompletedTask;
    }
}
