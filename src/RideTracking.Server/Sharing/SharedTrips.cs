using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Microsoft.Extensions.Options;
using RideTracking.Engine.Dispatch;
using RideTracking.Server.Access;
using RideTracking.Server.Areas;
using RideTracking.Server.Hosting;
using RideTracking.Server.Protocol;
using RideTracking.Server.Store;

namespace RideTracking.Server.Sharing;

/// <summary>Makes and ends links to trips, and lets in who has one.</summary>
internal sealed class SharedTrips(
    ShareLinks links, ShareWatches watches, StoreKeys keys, ServerClock clock, IOptions<SharingOptions> options, SharingMetrics metrics)
{
    private readonly SharingOptions _options = options.Value;
    private readonly StreamLimit _lookups = new("TOO_MANY_LOOKUPS", options.Value.MaxLookups, "links may be looked up at once", "Sharing:MaxLookups", metrics.Refused);

    /// <summary>Makes a link to a trip of the caller's.</summary>
    /// <exception cref="RpcException">The trip is over, or has as many links as it may.</exception>
    public async Task<V1.CreateShareLinkResponse> CreateAsync(string requestId, Trip trip, Caller caller)
    {
        if (trip.IsFinal)
        {
            throw Refusal.Precondition("TRIP_STATE", "The trip is over; there is nothing to share any more.", ("state", trip.State.ToString())).ToRpcException();
        }

        var token = ShareToken.New(ShareToken.LinkIdOf(keys, caller.Subject, requestId, trip.Id));
        switch (await links.MakeAsync(token, trip.Id, _options.MaxLinksPerTrip))
        {
            case ShareOutcome.Full:
                throw Refusal.Limit("TOO_MANY_LINKS", _options.MaxLinksPerTrip, "links may lead to one trip; revoke one first", "Sharing:MaxLinksPerTrip").ToRpcException();
            case ShareOutcome.Revoked:
                throw Refusal.Precondition("LINK_REVOKED", "The link that this request made was revoked. Make a new request for another.").ToRpcException();
        }

        metrics.Made();
        // Who watched by the secret that this one takes the place of does so no more, here at once.
        await watches.EndAsync(token.LinkId);
        return new V1.CreateShareLinkResponse
        {
            LinkId = token.LinkId,
            Token = $"{token.LinkId}.{token.Secret}",
            ExpiresAt = (clock.GetUtcNow() + StoreExpiries.ShareLink).ToTimestamp(),
        };
    }

    /// <summary>The trip that a link is to; null when there is no such link.</summary>
    public async Task<string?> TripOfAsync(string linkId) => ShareToken.IsPlausible(keys, linkId) ? await links.TripOfAsync(linkId) : null;

    /// <summary>Ends a link and whoever watches by it.</summary>
    public async Task RevokeAsync(string linkId, string tripId)
    {
        await links.RevokeAsync(linkId, tripId);
        metrics.Revoked();
        await watches.EndAsync(linkId);
    }

    /// <summary>Shows the trip to who has a token, until the trip is over or the link is revoked.</summary>
    /// <param name="text">What the caller says is a token.</param>
    /// <param name="find">Finds a trip.</param>
    /// <param name="show">Shows it until it is over.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <exception cref="RpcException">NOT_FOUND for every token that is not valid now, whatever the reason; RESOURCE_EXHAUSTED.</exception>
    public async Task WatchAsync(string text, Func<string, Task<Trip?>> find, Func<Trip, CancellationToken, Task> show, CancellationToken cancellation)
    {
        if (!ShareToken.TryRead(keys, text, out var token))
        {
            throw NotValid();
        }

        using var watch = watches.Enter(token);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, watch.Ended);
        var trip = await LookUpAsync(token, find) is { IsFinal: false } open ? open : throw NotValid();
        try
        {
            await show(trip, either.Token);
        }
        catch (Exception) when (watch.Ended.IsCancellationRequested && !cancellation.IsCancellationRequested)
        {
            throw NotValid();
        }
        catch (RpcException e) when (e.StatusCode == StatusCode.NotFound)
        {
            // The store has lost the trip, and the link with it.
            throw NotValid();
        }
    }

    private async Task<Trip?> LookUpAsync(ShareToken token, Func<string, Task<Trip?>> find)
    {
        using var place = _lookups.Enter();
        return await links.TripOfAsync(token) is { } tripId ? await find(tripId) : null;
    }

    private RpcException NotValid()
    {
        metrics.Refused("NOT_FOUND");
        return Refusal.NotFound("SHARE_LINK_NOT_FOUND", "There is no such link, or it was revoked, or its trip is over.").ToRpcException();
    }
}
