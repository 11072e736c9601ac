using RideTracking.Server.Log;

namespace RideTracking.Server.Incidents;

/// <summary>What the store says to an incident that is raised or closed.</summary>
internal abstract record IncidentReply;

/// <summary>It is written down.</summary>
internal sealed record IncidentCommitted : IncidentReply;

/// <summary>The same request or action was answered before.</summary>
internal sealed record IncidentAnsweredBefore(byte[] Answer) : IncidentReply;

/// <summary>Another claim has the driver now; none when the store has forgotten it.</summary>
internal sealed record IncidentTakenOver(DriverClaim? Now) : IncidentReply;

/// <summary>Who raised it has too many open.</summary>
internal sealed record TooManyIncidents : IncidentReply;

/// <summary>It was decided on an older version; null when there is no such incident.</summary>
internal sealed record IncidentChanged(V1.Incident? Incident) : IncidentReply;
