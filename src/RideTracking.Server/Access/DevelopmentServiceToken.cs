using Microsoft.Extensions.Options;
using RideTracking.Server.Hosting;

namespace RideTracking.Server.Access;

/// <summary>
/// Keeps <c>dev-service.token</c> in the data folder fresh while a development server runs, so that programs on the same
/// machine (the simulator) need no set-up. They read it again when they reconnect.
/// </summary>
internal sealed partial class DevelopmentServiceToken(
    DevelopmentKey key,
    IOptions<DataOptions> data,
    [FromKeyedServices(AccessSetup.TokenClock)] TimeProvider clock,
    ILogger<DevelopmentServiceToken> logger) : BackgroundService
{
    public const string FileName = "dev-service.token";

    private static readonly TimeSpan Lifetime = TimeSpan.FromHours(12);

    // Written before the server listens: whoever can reach it finds a token.
    public override Task StartAsync(CancellationToken cancellationToken)
    {
        Write();
        return base.StartAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Lifetime / 4, clock);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                Write();
            }
            catch (IOException e)
            {
                // The one on disk lasts for three more tries.
                LogNotWritten(e);
            }
        }
    }

    private void Write() => SecretFile.Write(
        Path.Combine(data.Value.DataFolder, FileName), key.Sign(Role.Service, ["dev-service"], Lifetime).Token);

    [LoggerMessage(LogLevel.Warning, "The development service token could not be renewed")]
    private partial void LogNotWritten(Exception exception);
}
