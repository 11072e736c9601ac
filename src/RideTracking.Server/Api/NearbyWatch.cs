using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Microsoft.Extensions.Options;
using RideTracking.Engine.Geo;
using RideTracking.Engine.Index;
using RideTracking.Server.Directories;
using RideTracking.Server.Hosting;
using RideTracking.Server.Nearby;
using RideTracking.Server.Protocol;
using RideTracking.Server.Trips;

namespace RideTracking.Server.Api;

/// <summary>
/// The free cars around a place, as <see cref="ShownCars"/> has them: whoever is asked about, and wherever from, this knows
/// no more of a car than is shown. A message is made when the one before was taken, so a slow reader misses some.
/// </summary>
internal sealed class NearbyWatch(
    ShownCars cars, BusyPlaces busy, DriverSlots slots, CompanyDirectory directory, IOptions<NearbyOptions> options, ServerClock clock)
{
    private readonly NearbyOptions _options = options.Value;

    /// <exception cref="RpcException">INVALID_ARGUMENT with a BadRequest that names the fields.</exception>
    public void Check(V1.WatchNearbyDriversRequest request)
    {
        var check = new RequestCheck();
        check.Location("center", request.Center);
        // Written so that NaN fails.
        check.Require(
            request.RadiusMeters > 0 && request.RadiusMeters <= _options.MaxRadiusMeters,
            "radius_meters", $"must be above 0 and at most {_options.MaxRadiusMeters} m");
        check.Pass();
    }

    /// <summary>Writes until cancelled.</summary>
    /// <param name="request">Checked.</param>
    /// <param name="caller">Whom the cars' ids are made for.</param>
    /// <param name="stream">Where to.</param>
    /// <param name="cancellation">Ends it.</param>
    public async Task RunAsync(
        V1.WatchNearbyDriversRequest request, string caller, IServerStreamWriter<V1.WatchNearbyDriversResponse> stream, CancellationToken cancellation)
    {
        var center = request.Center.ToPoint();
        busy.Ask(center);
        using var frames = new PeriodicTimer(_options.FrameInterval, clock.Machine);
        do
        {
            cars.Renew();
            await stream.WriteAsync(Frame(center, request.RadiusMeters, caller), cancellation);
        }
        while (await frames.WaitForNextTickAsync(cancellation));
    }

    private V1.WatchNearbyDriversResponse Frame(GeoPoint center, double radiusMeters, string caller)
    {
        var nearest = new NearbyDriver[_options.MaxCars];
        var frame = new V1.WatchNearbyDriversResponse();
        var now = clock.GetUtcNow();
        var oldest = now.ToUnixTimeMilliseconds();
        foreach (var car in nearest.AsSpan(0, cars.Nearest(center, radiusMeters, nearest)))
        {
            oldest = Math.Min(oldest, car.FixedAtUnixMs);
            var shown = new V1.NearbyCar
            {
                CarId = cars.IdOf(car, caller),
                Location = car.Position.ToLatLng(),
                VehicleType = directory.VehicleOf(slots.IdOf(car.Slot))?.VehicleType ?? "",
            };
            if (cars.CourseOf(car.Slot) is { } course)
            {
                shown.CourseDegrees = course;
            }

            frame.Cars.Add(shown);
        }

        frame.MaxAge = Positions.Age(oldest, now).ToDuration();
        return frame;
    }
}
