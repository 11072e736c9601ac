using RideTracking.Engine.Dispatch;
using RideTracking.Server.Telemetry;

namespace RideTracking.Server.Trips;

/// <summary>What is measured of trips and offers. Thread-safe.</summary>
internal sealed class DispatchMetrics
{
    private static readonly KeyValuePair<string, object?>[] States = Metering.TagPerValue<TripState>("state");
    private static readonly KeyValuePair<string, object?>[] Outcomes = Metering.TagPerValue<OfferOutcome>("outcome");
    private static readonly KeyValuePair<string, object?>[] Reasons = Metering.TagPerValue<RouteChangeReason>("reason");

    private readonly AreaCounter _requested;
    private readonly AreaCounter _ended;
    private readonly AreaCounter _offers;
    private readonly AreaCounter _routes;
    private readonly AreaCounter _conflicts;
    private readonly AreaHistogram _assigned;

    public DispatchMetrics(AreaMeter meter, TripBook book)
    {
        _requested = meter.Counter("ridetracking.trips.requested", "{trip}", "Trips asked for.");
        _ended = meter.Counter("ridetracking.trips.ended", "{trip}", "Trips that became final, by state.");
        _offers = meter.Counter("ridetracking.offers", "{offer}", "Offers that closed, by outcome.");
        _routes = meter.Counter("ridetracking.trips.routes_renewed", "{route}", "Routes found anew, by reason.");
        _conflicts = meter.Counter("ridetracking.dispatch.conflicts", "{commit}", "Commits that met a newer state and were decided again.");
        _assigned = meter.Delays("ridetracking.trips.time_to_assign", "From the beginning of the search to the acceptance.");
        meter.Gauge("ridetracking.trips.searching", "{trip}", "Trips that wait for a driver.", () => book.SearchingCount);
    }

    public void Conflict() => _conflicts.Add(1);

    public void RouteRenewed(RouteChangeReason reason) => _routes.Add(1, Reasons[(int)reason]);

    public void Committed(Trip? before, Trip after)
    {
        var kind = after.Events[^1].Kind;
        if (kind == TripEventKind.Requested)
        {
            _requested.Add(1);
        }

        if (after.IsFinal)
        {
            _ended.Add(1, States[(int)after.State]);
        }

        var closed = (before?.Offers.Length ?? 0) - after.Offers.Length;
        if (closed <= 0)
        {
            return;
        }

        if (kind == TripEventKind.Assigned && after.AcceptedOfferId is not null)
        {
            _offers.Add(1, Outcomes[(int)OfferOutcome.Accepted]);
            _assigned.Record(after.Events[^1].RecordedAt - after.SearchFrom);
            if (closed > 1)
            {
                _offers.Add(closed - 1, Outcomes[(int)OfferOutcome.LostRace]);
            }

            return;
        }

        _offers.Add(closed, Outcomes[(int)(kind switch
        {
            TripEventKind.OfferDeclined => OfferOutcome.Declined,
            TripEventKind.OfferTimedOut => OfferOutcome.TimedOut,
            TripEventKind.OfferUndelivered => OfferOutcome.Undelivered,
            _ => OfferOutcome.Withdrawn,
        })]);
    }
}
