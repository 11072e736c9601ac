using System.Collections.Concurrent;
using System.Diagnostics;
using RideTracking.Server.Telemetry;
using RideTracking.Server.Tests.Fixtures;
using RideTracking.V1;

namespace RideTracking.Server.Tests.Nodes;

/// <summary>A trip is one trace, whichever nodes its steps are taken on.</summary>
public sealed class TripTraceTests : TwoNodes
{
    [Fact]
    public async Task Request_matching_offer_reply_and_commits_are_in_one_trace_over_two_nodes()
    {
        var ended = new ConcurrentQueue<Activity>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name is TripTrace.SourceName or "Microsoft.AspNetCore",
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = ended.Enqueue,
        };
        ActivitySource.AddActivityListener(listener);

        // Matching is here, the driver's stream and the rider elsewhere.
        await Here.DriverAsync("d1");
        await using var phone = await DriverPhone.ConnectAsync(Elsewhere.Host, "d1");
        var trip = await Elsewhere.RequestAsync();
        var offer = (await phone.ReadUntilAsync(m => m.Command?.TripOffer is not null)).Command.TripOffer;
        await phone.SendAsync(new ConnectRequest { Action = new DriverAction { ActionId = "b", OfferReply = new OfferReply { OfferId = offer.OfferId, Accepted = true } } });
        await ServerHost.UntilAsync(() => Steps().Any(s => s.Name == "offer_answered"));

        var steps = Steps();
        Assert.All(steps, s => Assert.Equal(TripTrace.IdOf(trip.TripId), s.Activity.TraceId));
        Assert.Superset(
            new HashSet<string> { "ride_requested", "driver_chosen", "command_sent trip_offer", "offer_answered", "EVALSHA trip-commit" }, steps.Select(s => s.Name).ToHashSet());
        // What is asked of the store is a part of a step; a step says which call it comes from.
        Assert.All(steps.Where(s => s.Name == "EVALSHA trip-commit"), commit => Assert.Contains(steps, s => s.Activity.SpanId == commit.Activity.ParentSpanId));
        var requested = steps.Single(s => s.Name == "ride_requested").Activity;
        var call = Assert.Single(requested.Links).Context;
        Assert.NotEqual(requested.TraceId, call.TraceId);
        await ServerHost.UntilAsync(() => ended.Any(a => a.SpanId == call.SpanId));
        Assert.Equal(default, requested.ParentSpanId);

        // Other tests of this process have trips of their own.
        (string Name, Activity Activity)[] Steps() =>
        [
            .. from activity in ended
               where activity.Source.Name == TripTrace.SourceName && activity.TraceId == TripTrace.IdOf(trip.TripId)
               select ($"{activity.OperationName} {activity.GetTagItem("ridetracking.command")}".TrimEnd(), activity),
        ];
    }
}
