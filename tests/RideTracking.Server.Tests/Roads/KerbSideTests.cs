using Microsoft.Extensions.DependencyInjection;
using RideTracking.Engine.Geo;
using RideTracking.Engine.Roads.Graph;
using RideTracking.Server.Roads;
using RideTracking.Server.Tests.Fixtures;

namespace RideTracking.Server.Tests.Roads;

/// <summary>The setting that brings the car to the side of the door.</summary>
public sealed class KerbSideTests
{
    [Theory, Trait(SpreadNodes.Trait, SpreadNodes.OneNode)]
    [InlineData("true", true)]
    [InlineData("false", false)]
    public async Task The_car_comes_to_the_side_of_the_door_on_a_main_road_where_that_is_set(string setting, bool isOfTheSide)
    {
        await using var world = await StreetWorld.StartAsync(args: ["--Roads:StopAtKerbSide", setting]);
        var index = world.Host.City.GetRequiredService<CityRoads>().Current!.Index;
        var (middle, course) = MainRoad(index);

        var right = await ArrivalAsync(90);
        var left = await ArrivalAsync(-90);

        Assert.Equal(isOfTheSide, Math.Abs(Math.Abs(right - left) - 180) < 20);
        if (isOfTheSide)
        {
            Assert.Equal(course, right, 20.0);
        }

        // In which direction a car arrives whose passenger's door is so many degrees to the side of the road.
        async Task<double> ArrivalAsync(double side)
        {
            var estimate = await world.EstimateAsync(StreetWorld.At(0, 0), Earth.Destination(middle, course + side, 12));
            var line = EncodedPolyline.Decode(estimate.Route.EncodedPolyline);
            return Earth.BearingDegrees(line[^2], line[^1]);
        }
    }

    // The middle of a straight main road of both directions, and its course as drawn; not to the north, where degrees begin anew.
    private static (GeoPoint Middle, double CourseDegrees) MainRoad(RoadIndex index)
    {
        for (var segment = 0; segment < index.Graph.SegmentCount; segment++)
        {
            var (first, last) = (index.Graph.PointOf(segment, 0), index.Graph.PointOf(segment, index.Graph.PointCount(segment) - 1));
            var (middle, course) = (first.Toward(last, 0.5), Earth.BearingDegrees(first, last));
            if (index.Graph.Segment(segment) is { Class: RoadClass.Primary or RoadClass.Secondary, ForwardKmh: > 0, BackwardKmh: > 0 }
                && index.Graph.PointCount(segment) == 2 && index.Graph.LengthMeters(2 * segment) > 60 && course is > 30 and < 330
                && index.TryNearest(middle, null, 5, out var nearest, mayStop: true) && nearest.Position.Segment == segment)
            {
                return (middle, course);
            }
        }

        throw new InvalidOperationException("The made-up city has no main road of both directions.");
    }
}
