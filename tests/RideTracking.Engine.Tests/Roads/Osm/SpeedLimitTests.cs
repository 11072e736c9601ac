using RideTracking.Engine.Roads.Osm;

namespace RideTracking.Engine.Tests.Roads.Osm;

/// <summary>What people write down as a speed limit, and what they mean by it.</summary>
public class SpeedLimitTests
{
    [Theory]
    // Numbers, in km/h unless they say otherwise, in any letter case, with and without a space.
    [InlineData("50", 50)]
    [InlineData(" 50 ", 50)]
    [InlineData("50 km/h", 50)]
    [InlineData("50KM/H", 50)]
    [InlineData("50 kph", 50)]
    [InlineData("12.5", 12.5)]
    [InlineData("30 mph", 48.28)]
    [InlineData("30mph", 48.28)]
    [InlineData("30MPH", 48.28)]
    [InlineData("20 knots", 37.04)]
    [InlineData("5kn", 9.26)]
    [InlineData("walk", 7)]
    [InlineData("Walk", 7)]
    // Of several the least, in whatever order; of several lanes the greatest.
    [InlineData("50;70", 50)]
    [InlineData("50;30", 30)]
    [InlineData("50; 30 mph", 48.28)]
    [InlineData("50;signals", 50)]
    [InlineData("signals;50", 50)]
    [InlineData("none;100", 100)]
    [InlineData("40-60", 40)]
    [InlineData("60 - 40", 40)]
    [InlineData("20-30 mph", 32.19)]
    [InlineData("80|60|60", 80)]
    [InlineData("60||80", 80)]
    [InlineData("80;50|60", 60)]
    // No limit.
    [InlineData("none", double.PositiveInfinity)]
    [InlineData("None", double.PositiveInfinity)]
    // Nothing that one can drive by.
    [InlineData("signals", 0)]
    [InlineData("variable", 0)]
    [InlineData("sign", 0)]
    [InlineData("markings", 0)]
    [InlineData("implicit", 0)]
    [InlineData("fast", 0)]
    [InlineData("50 furlongs", 0)]
    [InlineData("50 @ (22:00-06:00)", 0)]
    [InlineData("", 0)]
    [InlineData(":", 0)]
    [InlineData(";", 0)]
    [InlineData("|", 0)]
    [InlineData("-", 0)]
    [InlineData("50-", 0)]
    [InlineData("50--60", 0)]
    [InlineData("1.2.3", 0)]
    [InlineData("9999", 0)]
    [InlineData("0", 0)]
    [InlineData("-50", 0)]
    [InlineData("99999999999999999999999999999999999999999999999 mph", 0)]
    public void Limits_are_read_in_all_their_forms(string text, double kmh) => Assert.Equal(kmh, SpeedLimit.Parse(text), 0.01);

    [Theory]
    [InlineData("PT:urban", 50)]
    [InlineData("GR:Urban", 50)]
    [InlineData("EL:motorway", 130)]
    [InlineData("RU:urban", 60)]
    [InlineData("DE:rural", 100)]
    [InlineData("DE:living_street", 7)]
    [InlineData("DE:bicycle_road", 30)]
    [InlineData("PT:motorway", 120)]
    [InlineData("PL:expressway", 120)]
    [InlineData("PL:trunk", 100)]
    [InlineData("CZ:urban_motorway", 80)]
    [InlineData("BE:school", 30)]
    [InlineData("MX:school_zone", 30)]
    [InlineData("AR:urban:primary", 40)]
    // A part of a country, where it is listed, else its country.
    [InlineData("BE:rural", 90)]
    [InlineData("BE-VLG:rural", 70)]
    [InlineData("be-vlg:urban", 50)]
    [InlineData("BE-WAL:rural", 90)]
    [InlineData("US-CA:motorway", 104.6)]
    // The numbers of a zone's name are in the country's own unit.
    [InlineData("DE:zone:30", 30)]
    [InlineData("DE:zone30", 30)]
    [InlineData("FR:zone30", 30)]
    [InlineData("IT:30", 30)]
    [InlineData("GB:zone:20", 32.19)]
    [InlineData("UK:20", 32.19)]
    // The national speed limit of the United Kingdom, under both of its codes.
    [InlineData("GB:nsl_single", 96.56)]
    [InlineData("UK:nsl_single", 96.56)]
    [InlineData("UK:nsl_dual", 112.65)]
    [InlineData("gb:nsl_restricted", 48.28)]
    [InlineData("GB-WLS:nsl_restricted", 32.19)]
    [InlineData("UK-WLS:urban", 32.19)]
    [InlineData("GB-SCT:nsl_single", 96.56)]
    // Of a country that is not listed: as usual in the world. So where none is told.
    [InlineData("XX:urban", 50)]
    [InlineData("XX:rural", 90)]
    [InlineData("XX:living_street", 20)]
    [InlineData("urban", 50)]
    [InlineData("zone30", 30)]
    // No zones.
    [InlineData("XX:moon", 0)]
    [InlineData("XX:", 0)]
    [InlineData("XX::", 0)]
    [InlineData("survey:urban", 0)]
    [InlineData("DE:zone:0", 0)]
    [InlineData("GB:zone:999", 0)]
    public void Zones_have_the_limits_of_their_country(string text, double kmh) => Assert.Equal(kmh, SpeedLimit.Parse(text), 0.01 * kmh);

    [Theory]
    // One direction before both, cars before all, a number before a zone, and on to the next where one says nothing.
    [InlineData("maxspeed=50", 50, 50)]
    [InlineData("maxspeed:forward=70 maxspeed:backward=50", 70, 50)]
    [InlineData("maxspeed:forward=70 maxspeed=50", 70, 50)]
    [InlineData("maxspeed:motorcar=70 maxspeed=50", 70, 70)]
    [InlineData("maxspeed:motor_vehicle=70 maxspeed=50", 70, 70)]
    [InlineData("maxspeed:hgv=50", 0, 0)]
    [InlineData("maxspeed:lanes=80|60|60", 80, 80)]
    [InlineData("maxspeed:lanes:forward=80|60 maxspeed:lanes:backward=50", 80, 50)]
    [InlineData("maxspeed=70 maxspeed:lanes=80|60", 70, 70)]
    [InlineData("maxspeed=signals maxspeed:type=DE:rural", 100, 100)]
    [InlineData("maxspeed:type=sign source:maxspeed=FR:zone30", 30, 30)]
    [InlineData("zone:traffic=BE-VLG:rural", 70, 70)]
    // Where there is truly no limit, it is a speed. Elsewhere it only says that no sign stands there.
    [InlineData("highway=motorway maxspeed=none", 130, 130)]
    [InlineData("highway=trunk maxspeed=none", 130, 130)]
    [InlineData("highway=primary motorroad=yes maxspeed=none", 130, 130)]
    [InlineData("highway=motorway_link maxspeed=none", 0, 0)]
    [InlineData("highway=primary maxspeed=none", 0, 0)]
    [InlineData("highway=residential maxspeed=none", 0, 0)]
    [InlineData("highway=residential maxspeed=none zone:maxspeed=DE:30", 30, 30)]
    [InlineData("highway=residential maxspeed:lanes=none|80", 0, 0)]
    public void The_most_particular_tag_that_tells_a_speed_counts(string tags, double forward, double backward)
    {
        OsmTags way = MadeTags.Of(tags);
        Assert.Equal((forward, backward), (SpeedLimit.Of(way, isForward: true), SpeedLimit.Of(way, isForward: false)));
    }
}
