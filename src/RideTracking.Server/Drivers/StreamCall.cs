using Grpc.Core;
using RideTracking.V1;

namespace RideTracking.Server.Drivers;

/// <summary>The call that a stream is.</summary>
/// <param name="Writer">Writes down; one at a time.</param>
/// <param name="Abort">Breaks it off.</param>
/// <param name="Gone">Cancelled when it is over.</param>
internal sealed record StreamCall(IServerStreamWriter<ConnectResponse> Writer, Action Abort, CancellationToken Gone);
