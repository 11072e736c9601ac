using Google.Protobuf.WellKnownTypes;
using Microsoft.Extensions.Options;
using RideTracking.Engine.Dispatch;
using RideTracking.Engine.Dispatch.Matching;
using RideTracking.Engine.Geo;
using RideTracking.Engine.Index;
using RideTracking.Server.Areas;
using RideTracking.Server.Directories;
using RideTracking.Server.Protocol;
using RideTracking.Server.Trips;

namespace RideTracking.Server.Matching;

/// <summary>Tells why drivers were or were not offered a trip.</summary>
internal sealed class MatchExplanations(
    RecentRounds recent, MatchCandidates candidates, TripBook book, TripRules rules, CompanyDirectory directory, CityFleet fleet, IOptions<TripOptions> options, Area area)
{
    private const int MaxRounds = 5;
    private const int MaxCandidates = 20;

    /// <summary>About a trip, and a driver unless that is empty.</summary>
    public V1.ExplainMatchResponse Explain(Trip trip, string driverId)
    {
        var now = area.Clock.GetUtcNow();
        var response = new V1.ExplainMatchResponse { ServerTime = now.ToTimestamp() };
        response.Rounds.AddRange(RoundsOf(trip.Id, driverId).Rounds);
        if (driverId.Length > 0)
        {
            response.Driver = DriverNow(trip, driverId, now);
        }

        return response;
    }

    /// <summary>The rounds alone that this node held.</summary>
    public V1.ExplainMatchResponse RoundsOf(string tripId, string driverId) =>
        new() { Rounds = { recent.Of(tripId, MaxRounds).Select(r => RoundOf(r, tripId, driverId)) } };

    private static V1.MatchRound RoundOf(KeptRound kept, string tripId, string driverId)
    {
        var request = kept.RequestOf(tripId);
        var explained = kept.Round.Explain(request);
        var told = new V1.MatchRound
        {
            MatchedAt = kept.At.ToTimestamp(),
            ByCompany = kept.IsCompanys,
            OpenRequests = (uint)kept.Round.Snapshot.Requests.Length,
            CandidateCount = (uint)explained.Length,
        };
        told.Candidates.AddRange(explained
            .Where((c, place) => place < MaxCandidates || c.Outcome == CandidateOutcome.Chosen || c.DriverId == driverId)
            .Select(c => MatchWire.Candidate(c, kept.IsRefused(request, c.DriverId))));
        return told;
    }

    private V1.MatchedDriver DriverNow(Trip trip, string driverId, DateTimeOffset now)
    {
        var told = new V1.MatchedDriver { DriverId = driverId };
        DriverEntry driver = default;
        var isKnown = fleet.TryGet(driverId, out var slot, out driver);
        told.LastReject = isKnown ? fleet.Rejects.Of(slot)?.ToWire() : null;
        if (isKnown && driver.HasFix)
        {
            told.DistanceMeters = Earth.DistanceMeters(driver.Fix.Point, trip.Waypoints[0].Location);
            told.FixAge = driver.Fix.AgeAt(now).ToDuration();
        }

        told.Obstacle = ObstacleOfState(trip, driverId, isKnown ? driver : null, now)
            ?? (isKnown && fleet.Rejects.Of(slot) is { IsPlaceInDoubt: true } ? V1.MatchObstacle.PositionInDoubt : default(V1.MatchObstacle?))
            ?? ObstacleOfJob(trip, slot, book.PlanOf(driverId), now)
            ?? ObstacleOnTheWay(trip, told, now);
        return told;
    }

    private V1.MatchObstacle? ObstacleOfState(Trip trip, string driverId, DriverEntry? driver, DateTimeOffset now) =>
        trip.State != TripState.Searching ? V1.MatchObstacle.TripNotSearching
        : trip.OfferTo(driverId) is not null ? V1.MatchObstacle.AskedNow
        : directory.Drivers.Find(driverId) is null ? V1.MatchObstacle.NotInDirectory
        : book.PlanOf(driverId).BlockedReason is not null ? V1.MatchObstacle.Blocked
        : book.PlanOf(driverId).Availability != DriverAvailability.Available ? V1.MatchObstacle.NotAvailable
        : driver is not { } known || known.Status.Link != DriverLink.Connected ? V1.MatchObstacle.NotConnected
        : !known.HasFix ? V1.MatchObstacle.NoPosition
        : known.Fix.FixedAtUnixMs < candidates.OldestFixUnixMs(now) ? V1.MatchObstacle.StalePosition
        : null;

    private V1.MatchObstacle? ObstacleOfJob(Trip trip, int slot, DriverPlan plan, DateTimeOffset now) =>
        OfferHindrances.Of(trip, plan, candidates.SeatsOf(plan.DriverId), now, rules) switch
        {
            OfferHindrance.PassedOver => V1.MatchObstacle.PassedOver,
            OfferHindrance.Blocked => V1.MatchObstacle.Blocked,
            OfferHindrance.NotAvailable => V1.MatchObstacle.NotAvailable,
            OfferHindrance.CoolingDown => V1.MatchObstacle.CoolingDown,
            OfferHindrance.HasOffer => V1.MatchObstacle.HasOffer,
            OfferHindrance.NoSeats => V1.MatchObstacle.NoSeats,
            OfferHindrance.Busy => V1.MatchObstacle.Busy,
            _ => candidates.HasWhatItNeeds(trip, slot) ? null : V1.MatchObstacle.WrongVehicle,
        };

    // What is left is found out as matching does.
    private V1.MatchObstacle ObstacleOnTheWay(Trip trip, V1.MatchedDriver told, DateTimeOffset now)
    {
        var requests = candidates.Gather([trip], now, (_, _) => false);
        foreach (var candidate in requests.Snapshot.Requests[0].Candidates)
        {
            if (requests.Drivers[candidate.Driver].DriverId == told.DriverId)
            {
                told.Eta = MatchWire.Eta(candidate.EtaSeconds);
                return told.Eta is null ? V1.MatchObstacle.NoWay : V1.MatchObstacle.None;
            }
        }

        return told.DistanceMeters > options.Value.SearchRadiusMeters ? V1.MatchObstacle.TooFar
            : book.PlanOf(told.DriverId).Trips.IsEmpty ? V1.MatchObstacle.OthersNearer
            : V1.MatchObstacle.Busy;
    }
}
