using RideTracking.Faults.Told;
using TripEvent = RideTracking.Engine.Dispatch.TripEvent;
using TripEventKind = RideTracking.Engine.Dispatch.TripEventKind;
using TripState = RideTracking.Engine.Dispatch.TripState;

namespace RideTracking.Faults.Checking;

/// <summary>Commands arrive: in order, each once, whatever breaks; or they expire, or a newer one supersedes them.</summary>
internal sealed class CommandCheck(Violations violations, Legal legal)
{
    public void Check(Record record, StoreContents store)
    {
        CheckOrder(record);
        CheckMessages(record);
        CheckTrips(record, store);
        var now = Record.Now;
        foreach (var (driver, waiting) in store.Waiting)
        {
            foreach (var (sequence, expires) in waiting)
            {
                violations.Require(expires <= now, Broken.CommandLost, now, $"command {sequence} still waits for {driver}, whose phone is connected");
            }
        }
    }

    // An app that was killed before it noted that it has handled a command sees it once more, as it was.
    private void CheckOrder(Record record)
    {
        foreach (var device in record.Commands.GroupBy(c => c.DeviceId))
        {
            ToldCommand? before = null;
            foreach (var told in device)
            {
                violations.Require(
                    before is null || told.Command.Sequence > before.Command.Sequence || told.Command.Equals(before.Command) || legal.ForgotBetween(before.At, told.At),
                    Broken.CommandDoubled, told.At, $"{device.Key} was told command {told.Command.Sequence} after {before?.Command.Sequence}");
                before = told;
            }
        }

        foreach (var same in record.Commands.GroupBy(c => (c.DriverId, c.Command.Sequence)).Where(c => c.Count() > 1))
        {
            var first = same.First();
            violations.Require(
                same.All(c => c.Command.CommandCase == first.Command.CommandCase) || legal.ForgotBetween(DateTimeOffset.MinValue, same.Last().At),
                Broken.CommandDoubled, first.At, $"{same.Key.DriverId} was told two commands of number {same.Key.Sequence}: {string.Join(", ", same.Select(c => c.Command.CommandCase).Distinct())}");
        }
    }

    private void CheckMessages(Record record)
    {
        var arrived = record.Commands.Where(c => c.Command.DriverMessage is not null)
            .ToLookup(c => c.Command.DriverMessage.MessageId);
        foreach (var told in record.Messages)
        {
            violations.Require(
                arrived[told.MessageId].Any() || legal.MayBeForgotten(told.AskedAt, told.At), Broken.CommandLost, told.At,
                $"the words {told.RequestId} ({told.MessageId}) were accepted for {told.DriverId}, whose phones never got them");
        }

        foreach (var words in arrived.SelectMany(m => m).GroupBy(c => (c.DriverId, c.Command.DriverMessage.Text)))
        {
            violations.Require(
                words.Select(c => c.Command.Sequence).Distinct().Count() == 1 || legal.ForgotBetween(DateTimeOffset.MinValue, words.Last().At), Broken.CommandDoubled, words.First().At,
                $"{words.Key.DriverId} was told '{words.Key.Text}' as commands {string.Join(", ", words.Select(c => c.Command.Sequence).Distinct())}");
        }
    }

    // Who was blamed for an offer, or drove a trip, was told of it.
    private void CheckTrips(Record record, StoreContents store)
    {
        var offered = record.Commands.Where(c => c.Command.TripOffer is not null).Select(c => (c.DriverId, c.Command.TripOffer.TripId)).ToHashSet();
        var assigned = record.Commands.Where(c => c.Command.TripAssigned is not null).Select(c => (c.DriverId, c.Command.TripAssigned.TripId)).ToHashSet();
        foreach (var trip in store.Trips.Values)
        {
            foreach (var happened in trip.Events.Where(e => e.DriverId is not null))
            {
                var at = (happened.DriverId!, trip.Id);
                if (happened.Kind is TripEventKind.OfferTimedOut or TripEventKind.OfferDeclined or TripEventKind.Assigned)
                {
                    violations.Require(offered.Contains(at), Broken.CommandLost, happened.RecordedAt, $"{happened.DriverId} has {happened.Kind} of {trip.Id}, and was never told of the offer");
                }

                if (happened.Kind == TripEventKind.Assigned && HasIt(trip, happened))
                {
                    violations.Require(assigned.Contains(at), Broken.CommandLost, happened.RecordedAt, $"{happened.DriverId} was given {trip.Id}, and was never told so");
                }
            }
        }
    }

    // What is taken back meanwhile is not told any more.
    private static bool HasIt(Engine.Dispatch.Trip trip, TripEvent assigned) =>
        trip.Events.FirstOrDefault(e => e.Version > assigned.Version && (e.Kind == TripEventKind.DriverRemoved || e.State is TripState.Cancelled or TripState.Completed)) is not { } end
        || end.State == TripState.Completed || (end.Actor == Engine.Dispatch.TripActor.System && end.Kind == TripEventKind.Cancelled);
}
