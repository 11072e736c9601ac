using System.Collections.Concurrent;
using Grpc.Core;
using RideTracking.Engine.Ingest;
using RideTracking.Server.Hosting;
using RideTracking.Server.Protocol;
using RideTracking.V1;

namespace RideTracking.Server.Drivers;

/// <summary>Fixes of drivers that hold no stream. They pass the same gate and are answered once the log has them.</summary>
internal sealed class UnaryReports(DriverConnections connections, DriverStreams streams, StreamServices services)
{
    private static readonly TimeSpan LogTimeout = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan IdleTimeout = TimeSpan.FromMinutes(10);

    private readonly ConcurrentDictionary<string, Reporter> _reporters = new(StringComparer.Ordinal);

    /// <exception cref="RpcException">Bad input, a stream is open for the driver, or the log cannot be written now.</exception>
    public async Task<ReportLocationsResponse> ReportAsync(ReportLocationsRequest request, CancellationToken cancellationToken)
    {
        if (request.Locations is null)
        {
            throw Refusal.Field("locations", "must be set").ToRpcException();
        }

        DriverSession.RequireFixes("locations.fixes", request.Locations.Fixes.Count);
        if (streams.IsOpen(request.DriverId))
        {
            throw Refusal.Precondition("STREAM_OPEN", "The driver holds a stream; its fixes belong there.").ToRpcException();
        }

        var reporter = _reporters.GetOrAdd(request.DriverId, static _ => new Reporter());
        // Calls of one driver come one after the other: a fix is judged against the one before.
        await reporter.Turn.WaitAsync(cancellationToken);
        try
        {
            var intake = await IntakeAsync(reporter, request);
            reporter.UsedAt = services.Clock.Machine.GetTimestamp();
            return new ReportLocationsResponse { FixAck = await TakeInAsync(reporter, intake, request.Locations, cancellationToken) };
        }
        finally
        {
            reporter.Turn.Release();
        }
    }

    /// <summary>Forgets drivers that have not reported for a while.</summary>
    internal void Sweep()
    {
        foreach (var (driverId, reporter) in _reporters)
        {
            if (services.Clock.Machine.GetElapsedTime(reporter.UsedAt) > IdleTimeout && _reporters.TryRemove(driverId, out _) && reporter.Intake is { } intake)
            {
                services.Path.Log.Close(intake.Cursor);
            }
        }
    }

    private async Task<FixIntake> IntakeAsync(Reporter reporter, ReportLocationsRequest request)
    {
        if (reporter.Intake is { Cursor: { IsFenced: false } cursor } open && cursor.SessionId == request.SessionId)
        {
            if (cursor.IsBroken)
            {
                open.Acks.TakeResendAfter();
                open.BeginAgain(); // This call is the resend: whoever is not answered sends again.
            }

            return open;
        }

        (reporter.Intake, _) = await connections.OpenIntakeAsync(
            request.DriverId, request.SessionId, default,
            // The whole of a call may come again, also to another node, and nobody told the app where the log ends.
            static resumeAfter => new SequenceWindow(resumeAfter, Uplink.MaxFixes, trustsResumed: true));
        reporter.Intake.Cursor.Moved = reporter.LogMoved;
        return reporter.Intake;
    }

    private async Task<FixAck> TakeInAsync(Reporter reporter, FixIntake intake, LocationBatch locations, CancellationToken cancellationToken)
    {
        var batch = Uplink.Rent();
        batch.Clear();
        UplinkReader.Read(locations, batch);
        intake.Receive(batch, services.Clock.GetUtcNow().ToUnixTimeMilliseconds());
        batch.Return();
        try
        {
            while (!intake.Acks.IsAllLogged)
            {
                var moved = reporter.NextMove();
                if (!intake.Acks.IsAllLogged)
                {
                    await moved.WaitAsync(LogTimeout, services.Clock.Machine, cancellationToken);
                }
            }
        }
        catch (TimeoutException)
        {
            throw Refusal.Unavailable("LOG_UNAVAILABLE", "The log cannot be written now. Send the same fixes again.", RetryAfter).ToRpcException();
        }

        return intake.Acks.Take() ?? new FixAck { ThroughSequence = intake.Cursor.LoggedThrough };
    }

    private sealed class Reporter
    {
        private readonly Pulse _moved = new();

        public SemaphoreSlim Turn { get; } = new(1);

        public FixIntake? Intake { get; set; }

        public long UsedAt { get; set; } = long.MaxValue;

        public Task NextMove() => _moved.Next;

        public void LogMoved() => _moved.Beat();
    }
}
