using Grpc.Core;
using RideTracking.Engine.Geo;
using RideTracking.Server.Protocol;
using RideTracking.V1;

namespace RideTracking.Server.Api.Fleet;

/// <summary>What a watcher asks for, found to be in order.</summary>
/// <param name="Viewport">The area.</param>
/// <param name="FrameInterval">Shortest time between frames, in the watcher's own time.</param>
internal readonly record struct FleetWatchRequest(GeoRectangle Viewport, TimeSpan FrameInterval)
{
    /// <summary>Checks a request.</summary>
    /// <exception cref="RpcException">INVALID_ARGUMENT with a BadRequest that names every field that is wrong.</exception>
    public static FleetWatchRequest From(WatchFleetRequest request, FleetOptions options)
    {
        List<(string Field, string Description)> violations = [];
        if (request.Viewport is not { } viewport)
        {
            violations.Add(("viewport", "must be set: south, west, north and east in degrees"));
            viewport = new Viewport();
        }

        RequireDegrees("viewport.south", viewport.South, 90);
        RequireDegrees("viewport.west", viewport.West, 180);
        RequireDegrees("viewport.north", viewport.North, 90);
        RequireDegrees("viewport.east", viewport.East, 180);
        if (viewport.South > viewport.North)
        {
            violations.Add(("viewport.south", $"must not be above viewport.north ({viewport.North}), is {viewport.South}"));
        }

        var interval = options.DefaultFrameInterval;
        if (request.MinFrameInterval is { } asked)
        {
            interval = asked.ToTimeSpan();
            if (interval < options.ShortestFrameInterval || interval > FleetOptionsTimes.LongestInterval)
            {
                violations.Add((
                    "min_frame_interval",
                    $"must be {options.ShortestFrameInterval.TotalSeconds} s to {FleetOptionsTimes.LongestInterval.TotalSeconds} s, is {interval.TotalSeconds} s"));
            }
        }

        return violations.Count == 0
            ? new(new(viewport.South, viewport.West, viewport.North, viewport.East), interval)
            : throw Refusal.Fields([.. violations]).ToRpcException();

        void RequireDegrees(string field, double degrees, double limit)
        {
            if (!(Math.Abs(degrees) <= limit))
            {
                violations.Add((field, $"must be -{limit} to {limit} degrees, is {degrees}"));
            }
        }
    }
}
