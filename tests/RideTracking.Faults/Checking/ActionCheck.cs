using RideTracking.Faults.Told;
using RideTracking.V1;
using TripActor = RideTracking.Engine.Dispatch.TripActor;
using TripEventKind = RideTracking.Engine.Dispatch.TripEventKind;

namespace RideTracking.Faults.Checking;

/// <summary>Actions are answered: each in one way, and what was answered that it was done, was done.</summary>
internal sealed class ActionCheck(Violations violations, Legal legal)
{
    public void Check(Record record, StoreContents store)
    {
        foreach (var action in record.Actions)
        {
            violations.Require(action.Answers.Count > 0, Broken.ActionLost, action.MadeAt, $"{action.DeviceId}: {action.Action.ActionCase} {action.Action.ActionId} was never answered");
            violations.Require(
                action.Answers.Select(a => a.Result.Status?.Code ?? 0).Distinct().Count() <= 1 || action.Answers.Any(a => legal.MayBeForgotten(action.MadeAt, a.At)),
                Broken.ActionDoubled, action.MadeAt, $"{action.DeviceId}: {action.Action.ActionId} was answered in several ways");
            if (action.IsDone && !legal.MayBeForgotten(action.MadeAt, action.Answers[0].At))
            {
                CheckDone(action, store);
            }
        }

        CheckAvailability(record, store);
    }

    private void CheckDone(ToldAction action, StoreContents store)
    {
        switch (action.Action.ActionCase)
        {
            case DriverAction.ActionOneofCase.OfferReply when action.Action.OfferReply.Accepted:
                Require(action, store, TripOf(action.Action.OfferReply.OfferId), TripEventKind.Assigned);
                break;
            case DriverAction.ActionOneofCase.OfferReply:
                Require(action, store, TripOf(action.Action.OfferReply.OfferId), TripEventKind.OfferDeclined);
                break;
            case DriverAction.ActionOneofCase.TripProgress when action.Action.TripProgress.Step == WaypointStep.Done:
                Require(action, store, action.Action.TripProgress.TripId, TripEventKind.WaypointDone, TripEventKind.Completed);
                break;
            case DriverAction.ActionOneofCase.TripProgress when action.Action.TripProgress.Step == WaypointStep.Arrived:
                Require(action, store, action.Action.TripProgress.TripId, TripEventKind.Arrived);
                break;
            case DriverAction.ActionOneofCase.TripCancellation:
                Require(action, store, action.Action.TripCancellation.TripId, TripEventKind.Cancelled, TripEventKind.DriverRemoved);
                break;
        }
    }

    private void Require(ToldAction action, StoreContents store, string tripId, params TripEventKind[] kinds)
    {
        store.Trips.TryGetValue(tripId, out var trip);
        violations.Require(
            trip is not null && trip.Events.Any(e => kinds.Contains(e.Kind) && e.Actor == TripActor.Driver && e.DriverId == action.DriverId),
            Broken.ActionLost, action.MadeAt, $"{action.DeviceId}: {action.Action.ActionCase} {action.Action.ActionId} was answered as done, and {tripId} has no {string.Join(" or ", kinds)} of {action.DriverId}");
    }

    private void CheckAvailability(Record record, StoreContents store)
    {
        foreach (var driver in record.Actions.Where(a => a.IsDone && a.Action.SetAvailability is not null).GroupBy(a => a.DriverId))
        {
            var last = driver.MaxBy(a => a.MadeAt)!;
            // What a phone did that was not in use any more may come last.
            var late = driver.MaxBy(a => a.Answers[0].At)!;
            var chosen = last.Action.SetAvailability.Availability;
            var plan = store.Plans.GetValueOrDefault(driver.Key);
            violations.Require(
                (plan is not null && ((int)plan.Availability == (int)chosen || (int)plan.Availability == (int)late.Action.SetAvailability.Availability)) || legal.MayBeForgotten(last.MadeAt, last.Answers[0].At), Broken.ActionLost, last.MadeAt,
                $"{driver.Key} chose {chosen} last ({last.Action.ActionId}), and the plan says {plan?.Availability.ToString() ?? "nothing"}");
        }
    }

    // An offer's id is its trip's, and a number.
    private static string TripOf(string offerId) => offerId[..offerId.LastIndexOf('.')];
}
