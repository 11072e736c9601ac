using System.Runtime.CompilerServices;
using Google.Protobuf.WellKnownTypes;
using Google.Type;
using Grpc.Core;
using Microsoft.Extensions.Logging;
using RideTracking.V1;

namespace RideTracking.Client;

/// <summary>
/// A rider's app, as the server sees it. Every call tries again by itself while the server or the network is away, with
/// jittered backoff or after the wait that the server asked for, until it is cancelled. Thread-safe.
/// </summary>
public sealed class RiderConnection
{
    private readonly RiderService.RiderServiceClient _client;
    private readonly RiderConnectionOptions _options;
    private readonly TimeProvider _time;
    private readonly Func<Backoff> _newBackoff;

    /// <param name="channel">How to reach the server; see <see cref="RideTrackingChannel"/>. Many connections may share it.</param>
    /// <param name="options">How to try again, and with which token.</param>
    /// <param name="timeProvider">The phone's clock; the system's when null.</param>
    /// <param name="random">Jitter of the retries; used by this connection alone.</param>
    public RiderConnection(ChannelBase channel, RiderConnectionOptions options, TimeProvider? timeProvider = null, Random? random = null)
    {
        ArgumentNullException.ThrowIfNull(channel);
        ArgumentNullException.ThrowIfNull(options);
        _client = new RiderService.RiderServiceClient(channel);
        _options = options;
        _time = timeProvider ?? TimeProvider.System;
        var seeds = random ?? new Random();
        // Calls run side by side and a Random may not: each call gets its own.
        _newBackoff = () =>
        {
            lock (seeds)
                return new Backoff(options.InitialBackoff, options.MaxBackoff, new Random(seeds.Next()));
        };
    }

    /// <summary>How long a ride would take and how soon a driver could be there; nothing is kept.</summary>
    /// <exception cref="RpcException">Refused, for instance FAILED_PRECONDITION where no rides are to be had.</exception>
    public Task<EstimateTripResponse> EstimateTripAsync(EstimateTripRequest request, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        return RetryAsync((o, _) => _client.EstimateTripAsync(request, o), cancellationToken);
    }

    /// <summary>
    /// Asks for a ride. `request_id` is filled in when it is empty and kept through every retry, so that at most one trip
    /// comes of it. An app that may be killed meanwhile makes and stores it itself.
    /// </summary>
    /// <exception cref="RpcException">Refused, for instance INVALID_ARGUMENT with the field named in its details.</exception>
    public async Task<Trip> RequestTripAsync(RequestTripRequest request, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        if (request.RequestId.Length == 0)
            request.RequestId = Guid.NewGuid().ToString("N");
        var response = await RetryAsync((o, _) => _client.RequestTripAsync(request, o), cancellationToken);
        return response.Trip;
    }

    /// <summary>The trip as it stands.</summary>
    /// <exception cref="RpcException">Refused, for instance NOT_FOUND.</exception>
    public async Task<Trip> GetTripAsync(string tripId, CancellationToken cancellationToken = default)
    {
        var response = await RetryAsync((o, _) => _client.GetTripAsync(new GetTripRequest { TripId = tripId }, o), cancellationToken);
        return response.Trip;
    }

    /// <summary>
    /// Tells the company of trouble on an own trip, also after it was over. `request_id` and `occurred_at` are filled in where
    /// they are empty and kept through every retry, so that it is told once.
    /// </summary>
    /// <returns>The incident's id: the company knows of it.</returns>
    /// <exception cref="RpcException">Refused, for instance NOT_FOUND.</exception>
    public async Task<string> RaiseIncidentAsync(RaiseIncidentRequest request, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        if (request.RequestId.Length == 0)
            request.RequestId = Guid.NewGuid().ToString("N");
        request.OccurredAt ??= Timestamp.FromDateTimeOffset(_time.GetUtcNow());
        var response = await RetryAsync((o, _) => _client.RaiseIncidentAsync(request, o), cancellationToken);
        return response.IncidentId;
    }

    /// <summary>Ends a trip that is not over.</summary>
    /// <param name="tripId">The trip.</param>
    /// <param name="reason">Why.</param>
    /// <param name="note">In the rider's words; at most 280 characters.</param>
    /// <param name="cancellationToken">Gives up; the trip may be cancelled nevertheless.</param>
    /// <exception cref="RpcException">Refused, for instance FAILED_PRECONDITION when the trip is over.</exception>
    public async Task<Trip> CancelTripAsync(
        string tripId, CancellationReason reason, string note = "", CancellationToken cancellationToken = default)
    {
        var request = new CancelTripRequest { TripId = tripId, Reason = reason, Note = note };
        var retried = false;
        try
        {
            var response = await RetryAsync((o, attempt) => { retried = attempt > 0; return _client.CancelTripAsync(request, o); }, cancellationToken);
            return response.Trip;
        }
        catch (RpcException e) when (retried && e.StatusCode is StatusCode.FailedPrecondition or StatusCode.Aborted)
        {
            // An earlier attempt may have done it and lost its answer.
            var trip = await GetTripAsync(tripId, cancellationToken);
            if (trip.State == TripState.Cancelled && trip.Cancellation?.Actor == TripActor.Rider)
                return trip;
            throw;
        }
    }

    /// <summary>
    /// Changes where a trip goes. When an answer was lost, the retry may be refused because the first attempt has
    /// already changed the version: <see cref="GetTripAsync"/> tells.
    /// </summary>
    /// <param name="tripId">The trip.</param>
    /// <param name="expectedVersion">The version that the rider saw; refused when the trip has changed since.</param>
    /// <param name="waypoints">All that are not done, in order: known ones by id, new ones without.</param>
    /// <param name="cancellationToken">Gives up; the change may be made nevertheless.</param>
    /// <exception cref="RpcException">Refused, for instance ABORTED when the version is another.</exception>
    public async Task<Trip> UpdateWaypointsAsync(
        string tripId, ulong expectedVersion, IEnumerable<Waypoint> waypoints, CancellationToken cancellationToken = default)
    {
        var request = new UpdateWaypointsRequest { TripId = tripId, ExpectedVersion = expectedVersion };
        request.Waypoints.Add(waypoints);
        var response = await RetryAsync((o, _) => _client.UpdateWaypointsAsync(request, o), cancellationToken);
        return response.Trip;
    }

    /// <summary>
    /// The trip and its car, live, across lost streams, until the trip is over. A trip comes first and then whenever
    /// its version has changed, always with its whole route; positions come as they are.
    /// </summary>
    /// <exception cref="RpcException">Refused, for instance NOT_FOUND or PERMISSION_DENIED.</exception>
    public async IAsyncEnumerable<WatchTripResponse> WatchTripAsync(
        string tripId, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        Trip? known = null;
        var watching = WatchAsync(
            o => _client.WatchTrip(new WatchTripRequest { TripId = tripId }, o), () => known is not null && IsOver(known), cancellationToken);
        await foreach (var response in watching)
        {
            if (News(response, ref known) is { } news)
                yield return news;
        }
    }

    /// <summary>
    /// The free cars around a place, across lost streams, until it is cancelled. Each message takes the place of the one
    /// before; ids and places are made up anew every half minute or so.
    /// </summary>
    /// <param name="center">Where to look.</param>
    /// <param name="radiusMeters">How far; above 0.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="RpcException">Refused, for instance INVALID_ARGUMENT or, with too many open, RESOURCE_EXHAUSTED.</exception>
    public IAsyncEnumerable<WatchNearbyDriversResponse> WatchNearbyDriversAsync(
        LatLng center, double radiusMeters, CancellationToken cancellationToken = default)
    {
        var request = new WatchNearbyDriversRequest { Center = center, RadiusMeters = radiusMeters };
        return WatchAsync(o => _client.WatchNearbyDrivers(request, o), () => false, cancellationToken);
    }

    /// <summary>
    /// Makes a link by which others may watch a trip until it is over. Its token is told only here. An app that may be killed
    /// meanwhile makes and stores the id itself; the same id gives the same link with a new token.
    /// </summary>
    /// <exception cref="RpcException">Refused, for instance RESOURCE_EXHAUSTED when the trip has as many links as it may.</exception>
    public Task<CreateShareLinkResponse> CreateShareLinkAsync(string tripId, string requestId = "", CancellationToken cancellationToken = default)
    {
        var request = new CreateShareLinkRequest { TripId = tripId, RequestId = requestId is { Length: > 0 } ? requestId : Guid.NewGuid().ToString("N") };
        return RetryAsync((o, _) => _client.CreateShareLinkAsync(request, o), cancellationToken);
    }

    /// <summary>Ends a link; whoever watches by it sees no more.</summary>
    /// <exception cref="RpcException">Refused, for instance NOT_FOUND.</exception>
    public Task RevokeShareLinkAsync(string linkId, CancellationToken cancellationToken = default) =>
        RetryAsync((o, _) => _client.RevokeShareLinkAsync(new RevokeShareLinkRequest { LinkId = linkId }, o), cancellationToken);

    /// <summary>A trip that somebody shared, live, across lost streams, until it is over. Needs no account.</summary>
    /// <exception cref="RpcException">NOT_FOUND: there is no such link, it was revoked, or its trip is over.</exception>
    public async IAsyncEnumerable<WatchSharedTripResponse> WatchSharedTripAsync(
        string token, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var state = TripState.Unspecified;
        var watching = WatchAsync(o => _client.WatchSharedTrip(new WatchSharedTripRequest { Token = token }, o), () => IsFinal(state), cancellationToken);
        await foreach (var response in watching)
        {
            state = response.Trip?.State ?? state;
            yield return response;
        }
    }

    /// <summary>Whether nothing happens to a trip any more.</summary>
    public static bool IsOver(Trip trip)
    {
        ArgumentNullException.ThrowIfNull(trip);
        return IsFinal(trip.State);
    }

    private static bool IsFinal(TripState state) => state is TripState.Completed or TripState.Cancelled or TripState.Unfulfilled;

    /// <summary>What the app does not know yet; null for nothing. A new stream begins with the whole trip, known or not.</summary>
    private static WatchTripResponse? News(WatchTripResponse response, ref Trip? known)
    {
        if (response.Trip is { } trip)
        {
            // The same way is not sent twice on a stream; the app need not know.
            if (trip.Route is { EncodedPolyline: "" } route && known?.Route?.Version == route.Version)
                route.EncodedPolyline = known.Route.EncodedPolyline;
            if (trip.Version == known?.Version && trip.Route?.Version == known.Route?.Version)
                response.Trip = null;
            known = trip;
        }
        return response.Trip is null && response.Position is null ? null : response;
    }

    /// <summary>What a stream says, opened again whenever it is lost, or ended although it is not over.</summary>
    private async IAsyncEnumerable<T> WatchAsync<T>(
        Func<CallOptions, AsyncServerStreamingCall<T>> open, Func<bool> isOver, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var backoff = _newBackoff();
        var mayBeOldToken = true;
        while (true)
        {
            using var call = open(await CallOptionsAsync(cancellationToken));
            RpcException? lost = null;
            while (true)
            {
                try
                {
                    if (!await call.ResponseStream.MoveNext(cancellationToken))
                        break;
                }
                catch (RpcException e) when (cancellationToken.IsCancellationRequested)
                {
                    throw new OperationCanceledException(e.Message, e, cancellationToken);
                }
                catch (RpcException e) when (MayTryAgain(e, mayBeOldToken))
                {
                    mayBeOldToken = e.StatusCode != StatusCode.Unauthenticated;
                    lost = e;
                    break;
                }
                backoff.Reset();
                mayBeOldToken = true;
                yield return call.ResponseStream.Current;
            }
            cancellationToken.ThrowIfCancellationRequested();
            // A server that goes down ends the stream in good order although it is not over.
            if (lost is null && isOver())
                yield break;
            await WaitAsync(lost, backoff, cancellationToken);
        }
    }

    private async Task<T> RetryAsync<T>(Func<CallOptions, int, AsyncUnaryCall<T>> call, CancellationToken ct)
    {
        var backoff = _newBackoff();
        for (var attempt = 0; ; attempt++)
        {
            try
            {
                using var running = call(await CallOptionsAsync(ct), attempt);
                return await running;
            }
            catch (RpcException e) when (ct.IsCancellationRequested)
            {
                throw new OperationCanceledException(e.Message, e, ct);
            }
            catch (RpcException e) when (MayTryAgain(e, attempt == 0))
            {
                await WaitAsync(e, backoff, ct);
            }
        }
    }

    // A refused token may have been an old one: worth one more try with a new one.
    private static bool MayTryAgain(RpcException e, bool mayBeOldToken) =>
        Retry.IsTransient(e.StatusCode) || (mayBeOldToken && e.StatusCode == StatusCode.Unauthenticated);

    private async Task WaitAsync(RpcException? error, Backoff backoff, CancellationToken ct)
    {
        var wait = backoff.Next();
        if (Retry.After(error) is { } asked && asked > wait)
            wait += asked;
        if (_options.Logger is { } log)
            ClientLog.Retried(log, ClientLog.Reason(null, error), wait);
        _options.OnRetry?.Invoke(error, wait);
        await Task.Delay(wait, _time, ct);
    }

    private async ValueTask<CallOptions> CallOptionsAsync(CancellationToken ct)
    {
        var headers = new Metadata();
        if (_options.TokenSource is { } source)
            headers.Add("authorization", "Bearer " + await source(ct));
        return new CallOptions(headers, cancellationToken: ct);
    }
}

/// <summary>How a <see cref="RiderConnection"/> tries again, and with which token.</summary>
public sealed class RiderConnectionOptions
{
    /// <summary>Gives a bearer token (without the word `Bearer`) that may act for the rider; asked before each call. Null for a server that asks for none.</summary>
    public Func<CancellationToken, ValueTask<string>>? TokenSource { get; init; }

    /// <summary>Takes what the connection says: why a call is tried again. Null for nobody.</summary>
    public ILogger? Logger { get; set; }

    /// <summary>Told of each failure that is tried again and how long the wait is; the error is null when a watch ended in good order although the trip goes on.</summary>
    public Action<RpcException?, TimeSpan>? OnRetry { get; init; }

    /// <summary>Bound of the first wait.</summary>
    public TimeSpan InitialBackoff { get; init; } = TimeSpan.FromMilliseconds(250);

    /// <summary>Bound that the wait grows to.</summary>
    public TimeSpan MaxBackoff { get; init; } = TimeSpan.FromSeconds(15);
}
