using RideTracking.Engine.Dispatch;
using RideTracking.Server.Log;

namespace RideTracking.Server.Trips;

/// <summary>What became of an event.</summary>
internal abstract record DispatchOutcome;

/// <summary>It was decided, and the decision (a transition, or a refusal) holds against what is stored.</summary>
internal sealed record Decided(TransitionResult Result) : DispatchOutcome;

/// <summary>The command is in the driver's outbox.</summary>
internal sealed record Told : DispatchOutcome;

/// <summary>It was answered before.</summary>
internal sealed record AnsweredBefore(byte[] Answer) : DispatchOutcome;

/// <summary>Another claim has the driver now; none when the store has forgotten it.</summary>
internal sealed record NotTheDriverAnyMore(DriverClaim? Now) : DispatchOutcome;

/// <summary>The driver has not taken in the commands that wait, and gets no more offers.</summary>
internal sealed record DriverUnheard : DispatchOutcome;

/// <summary>Too many others changed the same trip at the same time; nothing was changed.</summary>
internal sealed record Contended : DispatchOutcome;
