using RideTracking.Engine.Roads.Graph;
using RideTracking.Engine.Roads.Osm;

namespace RideTracking.Engine.Tests.Roads.Osm;

/// <summary>What stands on a road, and whom it lets through.</summary>
public class CarBarriersTests
{
    [Theory]
    // By kind, where no access is told.
    [InlineData("barrier=gate", "Open")]
    [InlineData("barrier=lift_gate", "Open")]
    [InlineData("barrier=swing_gate", "Open")]
    [InlineData("barrier=toll_booth", "Open")]
    [InlineData("barrier=cattle_grid", "Open")]
    [InlineData("barrier=height_restrictor", "Open")]
    [InlineData("barrier=kerb", "Open")]
    [InlineData("barrier=kerb kerb=raised", "Closed")]
    [InlineData("barrier=bollard", "Closed")]
    [InlineData("barrier=bollard bollard=rising", "Open")]
    [InlineData("barrier=bollard bollard=removable", "Closed")]
    [InlineData("barrier=block", "Closed")]
    [InlineData("barrier=chain", "Closed")]
    [InlineData("barrier=bus_trap", "Closed")]
    [InlineData("barrier=cycle_barrier", "Closed")]
    [InlineData("barrier=jersey_barrier", "Closed")]
    [InlineData("barrier=yes", "Closed")]
    [InlineData("barrier=no", "Open")]
    // Access tags decide before the kind, the most particular first; what is for own traffic is so for gates as for ways.
    [InlineData("barrier=bollard motor_vehicle=yes", "Open")]
    [InlineData("barrier=gate access=private", "OwnTraffic")]
    [InlineData("barrier=gate motor_vehicle=private", "OwnTraffic")]
    [InlineData("barrier=lift_gate access=customers", "OwnTraffic")]
    [InlineData("barrier=gate access=residents", "OwnTraffic")]
    [InlineData("barrier=gate access=permissive", "Open")]
    [InlineData("barrier=gate access=no", "Closed")]
    [InlineData("barrier=gate access=no motorcar=yes", "Open")]
    [InlineData("barrier=gate bicycle=yes foot=yes", "Open")]
    [InlineData("barrier=gate foot=no", "Open")]
    // Locked for all but those whom the access tags let in.
    [InlineData("barrier=gate locked=yes", "Closed")]
    [InlineData("barrier=gate locked=no", "Open")]
    [InlineData("barrier=gate locked=yes access=private", "OwnTraffic")]
    [InlineData("barrier=gate locked=yes motor_vehicle=yes", "Open")]
    // Without a barrier: a place that nobody may pass, unless it is the access of some other thing there.
    [InlineData("access=no", "Closed")]
    [InlineData("motor_vehicle=no", "Closed")]
    [InlineData("vehicle=no", "Closed")]
    [InlineData("barrier=no access=no", "Closed")]
    [InlineData("access=private", "OwnTraffic")]
    [InlineData("bicycle=no", "Open")]
    [InlineData("highway=crossing access=no", "Open")]
    [InlineData("highway=motorway_junction access=no", "Open")]
    [InlineData("entrance=yes access=private", "Open")]
    [InlineData("public_transport=stop_position access=no", "Open")]
    [InlineData("name=Nowhere", "Open")]
    // Too narrow or too low, whoever may pass.
    [InlineData("barrier=bollard motor_vehicle=yes maxwidth=1.5", "Closed")]
    [InlineData("barrier=bollard motor_vehicle=yes maxwidth=2.2", "Open")]
    [InlineData("barrier=height_restrictor maxheight=1.8", "Closed")]
    [InlineData("barrier=height_restrictor maxheight=2.1", "Open")]
    [InlineData("traffic_sign=maxwidth maxwidth=1.5", "Closed")]
    public void Tags_decide_whom_a_node_lets_through(string tags, string passage) =>
        Assert.Equal(passage, new CarBarriers(new CarProfile(RoadUser.Car)).PassageOf(MadeTags.Of(tags)).Passage.ToString());

    [Theory]
    [InlineData("maxwidth", "1.5", false)]
    [InlineData("maxwidth", "1,5", false)]
    [InlineData("maxwidth", "1.5 m", false)]
    [InlineData("maxwidth", "150cm", false)]
    [InlineData("maxwidth", "2", true)]
    [InlineData("maxwidth", "6'", false)] // 1.83 m
    [InlineData("maxwidth", "6'6\"", true)] // 1.98 m
    [InlineData("maxwidth", "6 ft 6 in", true)]
    [InlineData("maxwidth", "6ft", false)]
    [InlineData("maxwidth", "70 in", false)]
    [InlineData("maxwidth:physical", "1.5", false)]
    [InlineData("width", "1.5", true)] // of the road as somebody guessed it
    [InlineData("maxheight", "1.9", false)]
    [InlineData("maxheight", "3;1.9", false)]
    [InlineData("maxheight", "default", true)]
    [InlineData("maxheight", "none", true)]
    [InlineData("maxheight", "below_default", true)]
    [InlineData("maxheight", "", true)]
    [InlineData("maxheight", "6'6'", true)] // feet twice is odd, and surely not below
    [InlineData("maxlength", "4", false)]
    [InlineData("maxlength", "12", true)]
    [InlineData("maxweight", "1.5", false)]
    [InlineData("maxweight", "1500 kg", false)]
    [InlineData("maxweight", "3000 lbs", false)]
    [InlineData("maxweight", "2 st", false)]
    [InlineData("maxweight", "3.5", true)]
    [InlineData("maxweight", "7.5 t", true)]
    [InlineData("maxweight:hgv", "1", true)]
    public void A_car_must_fit(string key, string value, bool fits) =>
        Assert.Equal(fits, CarSize.Fits(MadeTags.Of((key, value))));
}
