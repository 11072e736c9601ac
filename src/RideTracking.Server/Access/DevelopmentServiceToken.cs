using Microsoft.Extensions.Options;
using RideTracking.Server.Hosting;

namespace RideTracking.Server.Access;

/// <summary>
/// Keeps <c>dev-service.token</c> in the data folder fresh while a development server runs, so that programs on the same
/// machine (the simulator) need no set-up. They read it again when they reconnect.
/// </summary>
internal sealed class DevelopmentServiceToken(
    DevelopmentKey key,
    IOptions<DataOptions> data,
    [FromKeyedServices(AccessSetup.TokenClock)] TimeProvider clock,
    Loops loops) : LoopService(loops.Create("development_token", clock), Lifetime / 4)
{
    public const string FileName = "dev-service.token";

    private static readonly TimeSpan Lifetime = TimeSpan.FromHours(12);

    // Written before the server listens: whoever can reach it finds a token.
    public override Task StartAsync(CancellationToken cancellationToken)
    {
        DataFolder.Use(data.Value.DataFolder, Write);
        return base.StartAsync(cancellationToken);
    }

    // One that cannot be renewed lasts for three more tries.
    protected override Task LookAsync(CancellationToken stopping)
    {
        Write();
        return Task.CompletedTask;
    }

    private string Write()
    {
        var path = Path.Combine(data.Value.DataFolder, FileName);
        SecretFile.Write(path, key.Sign(Role.Service, ["dev-service"], Lifetime).Token);
        return path;
    }
}
