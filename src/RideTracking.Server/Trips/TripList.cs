using Grpc.Core;
using RideTracking.Engine.Dispatch;
using RideTracking.Server.Areas;
using RideTracking.Server.Protocol;
using RideTracking.Server.Store;

namespace RideTracking.Server.Trips;

/// <summary>
/// Pages of trips, read from the store: those under way by their ids, which tell when they were made, then those that are
/// over by when they ended.
/// </summary>
internal sealed class TripList(TripStore trips, TripView view, StoreKeys keys)
{
    private const int MaxPageSize = 200;
    private const int DefaultPageSize = 50;
    private const int MaxTokenLength = 128;

    // Read at a time, and in one call: what filters leave out costs as much as what they do not.
    private const int Chunk = 200;
    private const int MaxRead = 2_000;

    private static readonly V1.TripState[] FinalStates = [V1.TripState.Completed, V1.TripState.Cancelled, V1.TripState.Unfulfilled];

    /// <exception cref="RpcException">INVALID_ARGUMENT that names the field.</exception>
    public async Task<V1.ListTripsResponse> PageAsync(V1.ListTripsRequest request)
    {
        var begin = Place.Parse(request.PageToken);
        var check = new RequestCheck();
        for (var i = 0; i < request.States.Count && i < MaxPageSize; i++)
        {
            check.Choice($"states[{i}]", request.States[i]);
        }

        check.Require(request.States.Count <= MaxPageSize, "states", $"must be at most {MaxPageSize}, not {request.States.Count}");
        check.OptionalId("rider_id", request.RiderId);
        check.OptionalId("driver_id", request.DriverId);
        check.Text("external_id", request.ExternalId, 0, ExternalId.MaxLength);
        var size = check.PageSize(request.PageSize, DefaultPageSize, MaxPageSize);
        check.Require(
            begin is { } place && (place.TripId.Length == 0 || TripIds.IsPlausible(keys, place.TripId)), "page_token", "must be the next_page_token of the page before, or empty");
        check.Pass();

        var page = new Page(request, size);
        await AddAsync(page, begin!.Value);
        var response = new V1.ListTripsResponse { NextPageToken = page.Next?.ToString() ?? "" };
        response.Trips.AddRange(page.Trips.Select(t => view.ForOps(t, withPolyline: false)));
        return response;
    }

    private async Task AddAsync(Page page, Place begin)
    {
        var after = begin.Ended;
        if (after is null && page.Wants(final: false))
        {
            var ids = (await trips.ReadPresentIdsAsync())
                .Where(id => begin.TripId.Length == 0 || string.CompareOrdinal(id, begin.TripId) < 0)
                .OrderDescending(StringComparer.Ordinal);
            foreach (var some in ids.Chunk(Chunk))
            {
                if (!page.Add(await trips.ReadTripsAsync(some), some.Length, final: false, t => new Place(null, t.Id), new Place(null, some[^1])))
                {
                    return;
                }
            }
        }

        while (page.Wants(final: true) && await trips.ReadEndedAsync(after, Chunk) is { Count: > 0 } ended)
        {
            var placeOf = ended.ToDictionary(e => e.Id, e => new Place(e, e.Id), StringComparer.Ordinal);
            after = ended[^1];
            if (!page.Add(await trips.ReadTripsAsync(ended.Select(e => e.Id)), ended.Count, final: true, t => placeOf[t.Id], placeOf[ended[^1].Id]))
            {
                return;
            }
        }
    }

    /// <summary>The trips of a page, and where the next one begins.</summary>
    private sealed class Page(V1.ListTripsRequest request, int size)
    {
        private int _read;

        public List<Trip> Trips { get; } = [];

        /// <summary>The last trip that was looked at; null when there are no more.</summary>
        public Place? Next { get; private set; }

        /// <summary>Whether trips that are over, or those under way, may be among what is asked for.</summary>
        public bool Wants(bool final) => request.States.Count == 0 || request.States.Any(s => FinalStates.Contains(s) == final);

        /// <summary>Takes what is wanted of some trips. False when the page is at its end.</summary>
        public bool Add(IEnumerable<Trip> some, int read, bool final, Func<Trip, Place> placeOf, Place last)
        {
            foreach (var trip in some)
            {
                if (Trips.Count == size)
                {
                    // There is more, perhaps: behind the last one that is on the page.
                    return false;
                }

                Next = placeOf(trip);
                if (trip.IsFinal == final && IsWanted(trip))
                {
                    Trips.Add(trip);
                }
            }

            _read += read;
            Next = last;
            if (Trips.Count == size || _read >= MaxRead)
            {
                return false;
            }

            Next = null;
            return true;
        }

        private bool IsWanted(Trip trip) =>
            (request.States.Count == 0 || request.States.Contains((V1.TripState)trip.State))
            && (request.RiderId.Length == 0 || request.RiderId == trip.RiderId)
            && (request.DriverId.Length == 0 || request.DriverId == trip.DriverId)
            && (request.ExternalId.Length == 0 || request.ExternalId == trip.Terms.ExternalId);
    }

    /// <summary>A place in the list: a trip, with when it ended if it is over.</summary>
    private readonly record struct Place(TimedId? Ended, string TripId)
    {
        /// <summary>The place that a token names, the beginning for an empty one; null when it is none.</summary>
        public static Place? Parse(string token) =>
            token.Length == 0 ? new Place(null, "")
            : token.Length is 1 or > MaxTokenLength ? null
            : token[0] == ':' ? new Place(null, token[1..])
            : TimedId.Parse(token) is { } ended ? new Place(ended, ended.Id)
            : null;

        public override string ToString() => Ended?.ToString() ?? ":" + TripId;
    }
}
