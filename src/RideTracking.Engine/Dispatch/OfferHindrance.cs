using RideTracking.Engine.Index;

namespace RideTracking.Engine.Dispatch;

/// <summary>Why a driver cannot be asked for a trip now, as the driver's plan tells; the numbers are those of the contract.</summary>
public enum OfferHindrance : byte
{
    None = 0,

    /// <summary>Declined it, did not answer, or lost it.</summary>
    PassedOver = 1,

    /// <summary>The company lets the driver not work.</summary>
    Blocked = 2,

    /// <summary>Wants no trips.</summary>
    NotAvailable = 3,

    /// <summary>Declined or ignored others just now.</summary>
    CoolingDown = 4,

    /// <summary>Has another offer to decide on.</summary>
    HasOffer = 5,

    /// <summary>Is busy: with a trip that is not in progress yet, with a second one queued, or with riders who do not share.</summary>
    Busy = 6,

    /// <summary>The vehicle has not enough seats (left).</summary>
    NoSeats = 7,
}

/// <summary>Finds hindrances.</summary>
public static class OfferHindrances
{
    /// <summary>What keeps a driver from being asked for a trip; what is near and fits is not looked at here.</summary>
    /// <param name="trip">A trip that searches.</param>
    /// <param name="plan">The driver's.</param>
    /// <param name="seats">Of the driver's vehicle; 0 when not known.</param>
    /// <param name="now">The server's time.</param>
    /// <param name="rules">The limits.</param>
    public static OfferHindrance Of(Trip trip, DriverPlan plan, int seats, DateTimeOffset now, TripRules rules) =>
        trip.IsPassedOver(plan.DriverId, now) ? OfferHindrance.PassedOver
        : plan.BlockedReason is not null ? OfferHindrance.Blocked
        : plan.Availability != DriverAvailability.Available ? OfferHindrance.NotAvailable
        : plan.CoolDownUntil > now ? OfferHindrance.CoolingDown
        : OfJob(trip, plan, seats, rules);

    /// <summary>The same for whom the company names: without what the driver wants and did before.</summary>
    internal static OfferHindrance OfJob(Trip trip, DriverPlan plan, int seats, TripRules rules) =>
        plan.BlockedReason is not null ? OfferHindrance.Blocked
        : plan.OfferedTripId is not null && plan.OfferedTripId != trip.Id ? OfferHindrance.HasOffer
        : seats > 0 && trip.PartySize > seats ? OfferHindrance.NoSeats
        : plan.Trips.IsEmpty || CanShare(trip, plan, rules) || CanFollow(plan, rules) ? OfferHindrance.None
        : OfferHindrance.Busy;

    /// <summary>The rider may join those whom the driver has, if there is room on the way.</summary>
    internal static bool CanShare(Trip trip, DriverPlan plan, TripRules rules) =>
        trip.Terms.CanShare && !plan.Trips.IsEmpty && plan.Trips.Length < rules.MaxSharedTrips && plan.Trips.All(t => t.CanShare);

    /// <summary>The trip can be queued behind the one that the driver is about to finish.</summary>
    internal static bool CanFollow(DriverPlan plan, TripRules rules) =>
        rules.BackToBack && plan.Trips is [{ IsOnBoard: true }];
}
