using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using RideTracking.Engine.Index;
using RideTracking.Server.Access;
using RideTracking.Server.Areas;
using RideTracking.Server.Directories;
using RideTracking.Server.Protocol;
using RideTracking.Server.Store;
using StackExchange.Redis;

namespace RideTracking.Server.Trips;

/// <summary>Words of the company for a driver: a command like any other, once for each request.</summary>
internal sealed class DriverMessages(Dispatcher dispatcher, CompanyDirectory directory, DriverSlots slots, StoreKeys keys, TimeProvider time)
{
    private const int MaxTextLength = 500;

    private static readonly TimeSpan DefaultExpiry = TimeSpan.FromHours(1);
    private static readonly TimeSpan ShortestExpiry = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan LongestExpiry = TimeSpan.FromDays(7);

    /// <exception cref="RpcException">INVALID_ARGUMENT; NOT_FOUND; ALREADY_EXISTS; RESOURCE_EXHAUSTED.</exception>
    /// <exception cref="RedisException">The store is away; the request may be repeated.</exception>
    public async Task<V1.SendDriverMessageResponse> SendAsync(V1.SendDriverMessageRequest request, Caller caller)
    {
        var check = new RequestCheck();
        check.Id("request_id", request.RequestId);
        check.Id("driver_id", request.DriverId);
        check.Text("text", request.Text, 1, MaxTextLength);
        check.OptionalDuration("expires_after", request.ExpiresAfter, ShortestExpiry, LongestExpiry, "must be 10 s to 7 d, or absent for 1 h");
        check.Pass();
        if (await directory.Drivers.FindAsync(request.DriverId) is null && !slots.TryGet(request.DriverId, out _))
        {
            throw Refusal.NotFound("DRIVER_NOT_FOUND", $"Nothing is known of the driver {request.DriverId}.").ToRpcException();
        }

        var now = time.GetUtcNow();
        var message = new V1.DriverMessage { MessageId = TripIds.New(keys, time), Text = request.Text, SentAt = now.ToTimestamp() };
        var once = OnceOnly.Request(keys.RequestAnswer(caller.Subject, request.RequestId), request.RequestId, request);
        var outcome = await dispatcher.TellAsync(
            request.DriverId,
            CommandWire.Message(message, now + (request.ExpiresAfter?.ToTimeSpan() ?? DefaultExpiry)),
            once.Answered(message.MessageId));
        return outcome switch
        {
            Told => new V1.SendDriverMessageResponse { MessageId = message.MessageId },
            AnsweredBefore before => new V1.SendDriverMessageResponse { MessageId = once.RepeatedId(before.Answer) },
            DriverUnheard => throw Refusal.Exhausted(
                "DRIVER_UNHEARD", $"Too many commands wait for the app of the driver {request.DriverId} already (Trips:MaxWaitingCommands).").ToRpcException(),
            _ => throw Refusal.Aborted("CONTENDED", "The driver's plan is being changed by too many at once; nothing was sent. Try again.").ToRpcException(),
        };
    }
}
