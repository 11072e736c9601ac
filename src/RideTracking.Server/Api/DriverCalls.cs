using Google.Protobuf.WellKnownTypes;
using Google.Rpc;
using Grpc.Core;
using RideTracking.Server.Access;
using RideTracking.Server.Drivers;
using RideTracking.Server.Protocol;
using RideTracking.Server.Store;
using RideTracking.Server.Telemetry;
using RideTracking.V1;

namespace RideTracking.Server.Api;

/// <summary>What the drivers' service does in one area. Thread-safe.</summary>
internal sealed class DriverCalls(
    DriverConnections connections, DriverSessions sessions, StreamServices services, StreamAdmission admission, Draining draining, StreamMetrics metrics)
{
    private const int MessagesInOneGo = 64;

    /// <summary>The first message of a stream, which tells whose it is.</summary>
    /// <exception cref="RpcException">INVALID_ARGUMENT when it does not come in time, or another comes.</exception>
    public async Task<Hello> ReadHelloAsync(IAsyncStreamReader<Uplink> requests, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(services.Options.HelloTimeout, services.Clock.Machine);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        bool any;
        try
        {
            any = await requests.MoveNext(either.Token);
        }
        catch (Exception e) when (e is IOException || (limit.IsCancellationRequested && e is OperationCanceledException or RpcException))
        {
            // Nothing came in time, or the app has hung up, and nobody is there to hear of it.
            any = false;
        }

        if (any && requests.Current.Other is { MessageCase: ConnectRequest.MessageOneofCase.Hello } first)
        {
            requests.Current.Return();
            return first.Hello;
        }

        throw Refusal.Field("hello", $"must be the first message, within {services.Options.HelloTimeout}").ToRpcException();
    }

    /// <summary>Serves a driver's stream until it ends.</summary>
    public async Task ConnectAsync(
        Hello hello, IAsyncStreamReader<Uplink> requestStream, IServerStreamWriter<ConnectResponse> responseStream, ServerCallContext context)
    {
        var caller = context.Caller();
        DriverConnections.Check(hello, caller);
        await RequireVersionAsync(hello, responseStream);
        services.Desk.RequireNotBlocked(hello.DriverId);
        draining.RequireOpen();

        var session = await OpenAsync(hello, caller, new StreamCall(responseStream, context.GetHttpContext().Abort, context.CancellationToken));
        metrics.Opened(StreamKind.Driver);
        var reason = "failed";
        try
        {
            await responseStream.WriteAsync(await WelcomeAsync(session, hello.RoutePlanVersion));
            session.Down.Start();
            if (services.Desk.BlockedReasonOf(session.DriverId) is { } blocked)
            {
                // Blocked while it was being opened.
                DriverSessions.Block(session, blocked);
            }

            if (draining.HasBegun)
            {
                draining.Close(session);
            }

            reason = await RunAsync(session, requestStream, context.CancellationToken);
        }
        catch (RpcException e)
        {
            // The reasons of our own refusals are constants: taken_over, draining, token_expired, silent, slow_reader, …
            reason = e.StatusCode == StatusCode.Cancelled ? "client_gone"
                : e.GetRpcStatus()?.GetDetail<ErrorInfo>()?.Reason.ToLowerInvariant() ?? "refused";
            throw;
        }
        catch (Exception e) when (e is IOException || (context.CancellationToken.IsCancellationRequested && e is InvalidOperationException or OperationCanceledException))
        {
            // The app hung up while it was being welcomed; nobody is there to hear of it.
            reason = "client_gone";
        }
        finally
        {
            sessions.Remove(session);
            metrics.Closed(StreamKind.Driver, reason);
        }
    }

    private async Task<StreamSession> OpenAsync(Hello hello, Caller caller, StreamCall call)
    {
        using var opening = admission.Enter(hello.DriverId);
        return await connections.OpenAsync(hello, caller, call);
    }

    /// <summary>Takes in the fixes of an app that cannot hold a stream.</summary>
    public async Task<ReportLocationsResponse> ReportAsync(ReportLocationsRequest request, ServerCallContext context)
    {
        services.Desk.RequireNotBlocked(request.DriverId);
        draining.RequireOpen();
        return new ReportLocationsResponse { FixAck = await connections.ReportAsync(request, context.CancellationToken) };
    }

    private async Task<string> RunAsync(StreamSession session, IAsyncStreamReader<Uplink> requests, CancellationToken cancellationToken)
    {
        using var leaving = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var reading = ReadAsync(session, requests, leaving.Token);
        await Task.WhenAny(reading, session.Down.Ended);
        // What has ended the stream may have broken its reading, and be heard of later.
        if (!session.Down.Ended.IsCompleted)
        {
            var reason = await reading;
            await session.Down.FinishAsync(cancellationToken);
            return reason;
        }

        // A status that follows a reset is lost on many clients, so the app gets a moment to hang up first.
        var status = await session.Down.Ended;
        await Task.WhenAny(reading, Task.Delay(services.Options.HangUpTimeout, services.Clock.Machine, cancellationToken));
        // Kestrel uses a call's pipe again: who still reads when the call is over reads what the next call on the connection is sent.
        await leaving.CancelAsync();
        await ((Task)reading).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        throw status.ToRpcException();
    }

    private static async Task<string> ReadAsync(StreamSession session, IAsyncStreamReader<Uplink> requests, CancellationToken cancellationToken)
    {
        try
        {
            for (var messages = 1; await requests.MoveNext(cancellationToken); messages++)
            {
                var message = requests.Current;
                await session.ReceiveAsync(message, cancellationToken);
                message.Return();
                if (session.Down.IsFullOfReplies)
                {
                    await session.Down.RepliesSentAsync(cancellationToken);
                }

                if (messages % MessagesInOneGo == 0)
                {
                    // A stream that always has more would keep the thread from the others and from the store's answers.
                    await Task.Yield();
                }
            }

            return "client_done";
        }
        catch (Exception e) when (e is IOException || (cancellationToken.IsCancellationRequested && e is OperationCanceledException))
        {
            // A reset may be read before the call's token tells of it.
            return "client_gone";
        }
    }

    private static async Task RequireVersionAsync(Hello hello, IServerStreamWriter<ConnectResponse> responses)
    {
        if (hello.ProtocolVersion <= DriverConnections.ProtocolVersion)
        {
            return;
        }

        await responses.WriteAsync(new ConnectResponse
        {
            StreamClosing = new StreamClosing { Reason = StreamClosingReason.UpgradeRequired },
        });
        throw Refusal.Precondition(
            "PROTOCOL_VERSION",
            $"This server speaks protocol version {DriverConnections.ProtocolVersion}.",
            ("spoken", $"{DriverConnections.ProtocolVersion}")).ToRpcException();
    }

    private async Task<ConnectResponse> WelcomeAsync(StreamSession session, ulong knownRoutePlanVersion)
    {
        var welcome = new Welcome
        {
            ServerTime = Timestamp.FromDateTimeOffset(services.Clock.GetUtcNow()),
            ReportingPolicy = session.Policy,
            VehicleId = connections.VehicleIdOf(session.DriverId),
        };
        if (session.Carrier.IsClaimed)
        {
            welcome.ResumeAfterSequence = session.Carrier.Ledger.LoggedThrough;
            welcome.Verdicts.AddRange(AckWire.Of(session.Carrier.Ledger.TakeVerdicts()));
        }

        try
        {
            var (availability, routePlan) = await services.Desk.LoadAsync(session.DriverId);
            welcome.Availability = availability;
            welcome.RoutePlan = routePlan.RoutePlanVersion > knownRoutePlanVersion ? routePlan : null;
            session.Down.Commands.WayTold(Math.Max(routePlan.RoutePlanVersion, knownRoutePlanVersion), welcome.RoutePlan?.Route);
            if (routePlan.RoutePlanVersion < knownRoutePlanVersion)
            {
                // The store has forgotten the way that the app has.
                services.Desk.WayWasTold(session.DriverId, knownRoutePlanVersion);
            }
        }
        catch (Exception e) when (StoreFailure.Passes(e))
        {
            // The stream opens all the same; what is in the outbox follows when the store is back.
        }

        return new ConnectResponse { Welcome = welcome };
    }
}
