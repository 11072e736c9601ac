using System.Reflection;
using RideTracking.Engine.Tests;

namespace RideTracking.Server.Tests;

/// <summary>The server's rooms use only those above them, method bodies included, and nothing asks for more than it can name.</summary>
public sealed class RoomsTests
{
    private const int MostParameters = 8;

    // In the order of docs/architecture.md. Program and the verbs of the command line, at the root, stand above all.
    private static readonly string[][] Rooms =
    [
        ["Hosting"], ["Protocol"], ["Telemetry"], ["Access"], ["Store"], ["Areas"], ["Directories"], ["Log"], ["Roads"], ["Outbox"], ["Trips"],
        ["Zones"], ["Matching"], ["Progress"], ["Incidents", "Sharing", "Nearby"], ["Riders"], ["Drivers"], ["Api"],
    ];

    private static readonly Assembly Server = typeof(RideTrackingServer).Assembly;
    private static readonly NamespaceUses Uses = new(Server, "RideTracking.Server.");

    [Fact]
    public void Each_room_uses_only_those_above_it() => Assert.Empty(Uses.Violations(Layers(Rooms)));

    [Fact]
    public void A_use_that_goes_back_is_found()
    {
        var swapped = Layers(Rooms);
        (swapped["Outbox"], swapped["Trips"]) = (swapped["Trips"], swapped["Outbox"]);
        Assert.Contains($"{typeof(Trips.Dispatcher)} uses {typeof(Outbox.CommandOutbox)}", Uses.Violations(swapped));
    }

    [Fact]
    public void No_constructor_takes_more_than_eight_parameters() => Assert.Empty(
        from type in Server.GetTypes()
        from constructor in type.GetConstructors(BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance)
        where constructor.GetParameters().Length > MostParameters
        select $"{type} takes {constructor.GetParameters().Length}");

    private static Dictionary<string, int> Layers(string[][] rooms) =>
        rooms.SelectMany((names, layer) => names.Select(name => (name, layer))).ToDictionary(room => room.name, room => room.layer);
}
