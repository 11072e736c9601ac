using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;

namespace RideTracking.Server.Telemetry;

/// <summary>
/// One trace for each trip, from its request to its end, over all nodes: its id follows from the trip's, so that nothing has to be handed on, or kept in the
/// store, for a node to go on with what another began. A step that a call has caused links to that call's own trace. Costs nothing where nobody listens.
/// </summary>
public static class TripTrace
{
    /// <summary>The one source of spans.</summary>
    public const string SourceName = "RideTracking";

    private const int TraceIdBytes = 16;

    private static readonly ActivitySource Source = new(SourceName);

    /// <summary>Begins a step of a trip; it ends when it is disposed. Null where nobody listens.</summary>
    /// <param name="tripId">Whose.</param>
    /// <param name="name">A constant.</param>
    public static Activity? Begin(string tripId, string name)
    {
        if (!Source.HasListeners())
        {
            return null;
        }

        var cause = Activity.Current;
        // Whatever runs here: the step is the trip's and not a part of the call's.
        Activity.Current = null;
        var step = Source.StartActivity(
            name, ActivityKind.Internal, ContextOf(tripId), tags: [new("ridetracking.trip.id", tripId)], links: cause is null ? null : [new ActivityLink(cause.Context)]);
        if (step is null)
        {
            Activity.Current = cause;
        }

        return step;
    }

    /// <summary>Begins what a step asks the store for.</summary>
    /// <param name="script">The name of the script: a constant.</param>
    public static Activity? BeginCommit(string script) => Activity.Current?.Source != Source ? null : Source.StartActivity(
        $"EVALSHA {script}", ActivityKind.Client, parentContext: default, tags: [new("db.system.name", "redis"), new("db.operation.name", "EVALSHA"), new("db.stored_procedure.name", script)]);

    /// <summary>The step has failed.</summary>
    public static void Failed(this Activity step, Exception reason)
    {
        step.SetStatus(ActivityStatusCode.Error, reason.Message);
        step.SetTag("error.type", reason.GetType().FullName);
    }

    /// <summary>The trace that a trip's steps are in.</summary>
    internal static ActivityTraceId IdOf(string tripId) => ActivityTraceId.CreateFromBytes(SHA256.HashData(Encoding.UTF8.GetBytes(tripId)).AsSpan(0, TraceIdBytes));

    // Without a parent: each step stands for itself. Recorded, so that a sampler that goes by the trace's id decides the same on all nodes.
    private static ActivityContext ContextOf(string tripId) => new(IdOf(tripId), default, ActivityTraceFlags.Recorded, isRemote: true);
}
