using Grpc.Core;
using RideTracking.Server.Log;
using RideTracking.Server.Protocol;
using RideTracking.V1;

namespace RideTracking.Server.Drivers;

/// <summary>A driver whose app holds no stream: its fixes come by single calls, pass the same gate, and are answered once the log has them.</summary>
internal sealed class CallSession(Carrier carrier, FixIntake intake, int slot, StreamServices services, Action<CallSession> forget)
    : DriverSession(carrier, intake, slot)
{
    private static readonly TimeSpan LogTimeout = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan IdleTimeout = TimeSpan.FromMinutes(10);

    private long _usedAt = services.Clock.Machine.GetTimestamp();

    private SemaphoreSlim Turn { get; } = new(1);

    /// <summary>Takes the fixes of a call in.</summary>
    /// <exception cref="RpcException">The log cannot be written now, or another connection has the driver: the app sends the same again.</exception>
    public async Task<FixAck> ReportAsync(LocationBatch locations, CancellationToken cancellationToken)
    {
        // Calls of one driver come one after the other: a fix is judged against the one before.
        await Turn.WaitAsync(cancellationToken);
        try
        {
            Volatile.Write(ref _usedAt, services.Clock.Machine.GetTimestamp());
            return await TakeInAsync(locations, cancellationToken);
        }
        finally
        {
            Turn.Release();
        }
    }

    /// <inheritdoc/>
    public override void Sweep(DateTimeOffset tokenTime)
    {
        if (Carrier.IsLost || services.Clock.Machine.GetElapsedTime(Volatile.Read(ref _usedAt)) > IdleTimeout)
        {
            forget(this);
        }
    }

    /// <inheritdoc/>
    public override void End()
    {
        // Nobody listens.
    }

    private async Task<FixAck> TakeInAsync(LocationBatch locations, CancellationToken cancellationToken)
    {
        var ledger = Carrier.Ledger;
        if (Carrier.IsClaimed && ledger.TakeResendAfter() is { } after)
        {
            ledger.BeginAgain(after); // This call is the resend: whoever is not answered sends again.
        }

        // Whom nobody could answer for long is told of what it sent before, and then sends this again.
        if (!ledger.IsFullOfVerdicts)
        {
            var batch = Uplink.Rent();
            batch.Clear();
            UplinkReader.Read(locations, batch);
            Intake.Receive(batch, services.Clock.GetUtcNow().ToUnixTimeMilliseconds());
            batch.Return();
        }

        try
        {
            await services.Path.Log.SettledAsync(cancellationToken).WaitAsync(LogTimeout, services.Clock.Machine, cancellationToken);
        }
        catch (TimeoutException)
        {
            throw Unavailable();
        }

        if (Carrier.IsLost)
        {
            throw Refusal.Aborted("CLAIM_PASSED", "Another connection of this driver has come meanwhile. Send the same again.").ToRpcException();
        }

        return ledger.IsAllLogged ? AckWire.Take(ledger, services.Path.Metrics) ?? new FixAck { ThroughSequence = ledger.ToldThrough } : throw Unavailable();
    }

    private static RpcException Unavailable() =>
        Refusal.Unavailable("LOG_UNAVAILABLE", "The log cannot be written now. Send the same fixes again.", RetryAfter).ToRpcException();
}
