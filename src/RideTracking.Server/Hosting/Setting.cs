namespace RideTracking.Server.Hosting;

/// <summary>A setting.</summary>
/// <param name="Name">The whole of it: <c>Trips:OfferWindow</c>.</param>
/// <param name="Type">What its text is turned into.</param>
internal sealed record Setting(string Name, Type Type);
