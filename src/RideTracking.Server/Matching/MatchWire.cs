using Google.Protobuf.WellKnownTypes;
using RideTracking.Engine.Dispatch.Matching;
using RideTracking.Server.Protocol;

namespace RideTracking.Server.Matching;

/// <summary>Matching as the contract has it.</summary>
internal static class MatchWire
{
    public static V1.MatchCandidate Candidate(ExplainedCandidate candidate, bool isRefused) => new()
    {
        DriverId = candidate.DriverId,
        Eta = Eta(candidate.EtaSeconds),
        Costs = Costs(candidate.Terms),
        Outcome = candidate.Outcome switch
        {
            CandidateOutcome.Chosen when isRefused => V1.MatchOutcome.NotFreeAnyMore,
            CandidateOutcome.Chosen => V1.MatchOutcome.Offered,
            CandidateOutcome.TakenByAnother => V1.MatchOutcome.TakenByAnother,
            CandidateOutcome.NoWay => V1.MatchOutcome.NoWay,
            _ => V1.MatchOutcome.NotChosen,
        },
        TakenByTripId = candidate.TakenByTripId ?? "",
    };

    /// <summary>A snapshot for the company's matcher.</summary>
    public static V1.ServeMatchingResponse Round(ulong number, MatchRequests requests, MatchCosts costs, TimeSpan answerWithin)
    {
        var round = new V1.ServeMatchingResponse { Round = number, TakenAt = requests.At.ToTimestamp(), AnswerWithin = Duration.FromTimeSpan(answerWithin) };
        round.Trips.AddRange(requests.Trips.Select((trip, place) => Trip(trip, requests, place, costs)));
        round.Drivers.AddRange(requests.Drivers.Select(d => new V1.OpenDriver
        {
            DriverId = d.DriverId,
            Location = d.Position.ToLatLng(),
            RecentRefusals = (uint)d.Plan.RecentRefusals,
            FinishesTrip = !d.Plan.Trips.IsEmpty,
        }));
        return round;
    }

    /// <summary>Null where no way leads.</summary>
    public static Duration? Eta(double seconds) => double.IsFinite(seconds) ? Duration.FromTimeSpan(TimeSpan.FromSeconds(seconds)) : null;

    private static V1.OpenTrip Trip(Engine.Dispatch.Trip trip, MatchRequests requests, int place, MatchCosts costs)
    {
        var request = requests.Snapshot.Requests[place];
        var open = new V1.OpenTrip
        {
            TripId = trip.Id,
            Pickup = trip.Waypoints[0].Location.ToLatLng(),
            Dropoff = trip.Waypoints[^1].Location.ToLatLng(),
            Waiting = Duration.FromTimeSpan(TimeSpan.FromSeconds(request.WaitingSeconds)),
            PartySize = (uint)trip.PartySize,
            ExternalId = trip.Terms.ExternalId,
        };
        foreach (var candidate in request.Candidates.Where(c => double.IsFinite(c.EtaSeconds)))
        {
            var told = new V1.OpenCandidate
            {
                DriverId = requests.Drivers[candidate.Driver].DriverId,
                Eta = Eta(candidate.EtaSeconds),
                Costs = Costs(costs.Of(request, candidate, requests.Snapshot.Drivers[candidate.Driver])),
            };
            if (candidate.QueuePlace is { } queuePlace)
            {
                told.QueuePlace = (uint)queuePlace;
            }

            open.Candidates.Add(told);
        }

        return open;
    }

    private static V1.MatchCosts Costs(CostTerms terms) => new()
    {
        PickupEtaSeconds = terms.PickupEta,
        WaitingSeconds = terms.Waiting,
        RefusalsSeconds = terms.Refusals,
        QueueSeconds = terms.Queue,
        BackToBackSeconds = terms.BackToBack,
        DetourSeconds = terms.Detour,
    };
}
