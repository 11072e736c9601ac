using RideTracking.Engine.Geo;
using RideTracking.Engine.Index;
using RideTracking.Server.Directories;
using RideTracking.Server.Protocol;

namespace RideTracking.Server.Api;

/// <summary>A request to search drivers, checked and put into the index's terms.</summary>
internal sealed class DriverSearch
{
    public const uint MaxResults = 200;

    private const uint DefaultResults = 10;
    private const double MaxRadiusMeters = 50_000;
    private const int MaxExcluded = 100;

    private static readonly TimeSpan MaxAge = TimeSpan.FromHours(24);

    private readonly DriverAvailability? _availability;
    private readonly DriverWork? _work;
    private readonly DriverLink? _link;
    private readonly ushort? _vehicleType;
    private readonly byte _minSeats;
    private readonly ulong _requiredAttributes;
    private readonly long _minFixedAtUnixMs;
    private readonly int[] _excludedSlots;

    private DriverSearch(V1.SearchDriversRequest request, DateTimeOffset now, DriverSlots slots, CompanyDirectory directory)
    {
        Center = request.Center.ToPoint();
        RadiusMeters = request.RadiusMeters;
        Results = (int)(request.MaxResults == 0 ? DefaultResults : request.MaxResults);
        var filter = request.Filter ?? new V1.DriverFilter();
        _availability = filter.Availability == 0 ? null : (DriverAvailability)filter.Availability;
        _work = filter.Work == 0 ? null : (DriverWork)filter.Work;
        _link = filter.Link == 0 ? null : (DriverLink)filter.Link;
        _minSeats = (byte)filter.MinSeats;
        _requiredAttributes = directory.Attributes.Of(filter.RequiredAttributes, out var unknown);
        FindsNobody = unknown > 0;
        if (filter.VehicleType.Length > 0)
        {
            FindsNobody |= !directory.Types.TryGet(filter.VehicleType, out var type);
            _vehicleType = type;
        }

        Rank = request.Rank;
        _minFixedAtUnixMs = filter.MaxFixAge is { } age ? (now - age.ToTimeSpan()).ToUnixTimeMilliseconds() : 0;
        _excludedSlots = [.. filter.ExcludedDriverIds.Select(id => slots.TryGet(id, out var slot) ? slot : -1).Where(slot => slot >= 0)];
    }

    public GeoPoint Center { get; }

    public double RadiusMeters { get; }

    /// <summary>How many are wanted.</summary>
    public int Results { get; }

    public V1.SearchRank Rank { get; }

    /// <summary>Something is asked for that no driver has ever had.</summary>
    public bool FindsNobody { get; }

    /// <summary>Fixes may be too old.</summary>
    public bool AsksForAge => _minFixedAtUnixMs > 0;

    public DriverFilter Filter => OfAnyAge with { MinFixedAtUnixMs = _minFixedAtUnixMs };

    /// <summary>Who is left out for nothing but the age of the fix; only when that is asked for.</summary>
    public DriverFilter TooOld => OfAnyAge with { FixedBeforeUnixMs = _minFixedAtUnixMs };

    public DriverFilter OfAnyAge => new()
    {
        Availability = _availability,
        Work = _work,
        Link = _link,
        VehicleType = _vehicleType,
        MinSeats = _minSeats,
        RequiredAttributes = _requiredAttributes,
        ExcludedSlots = _excludedSlots,
    };

    /// <exception cref="Grpc.Core.RpcException">INVALID_ARGUMENT with a BadRequest that names the fields.</exception>
    public static DriverSearch From(
        V1.SearchDriversRequest request, DateTimeOffset now, DriverSlots slots, CompanyDirectory directory)
    {
        var check = new RequestCheck();
        check.Location("center", request.Center);
        // Written so that NaN fails.
        check.Require(request.RadiusMeters is > 0 and <= MaxRadiusMeters, "radius_meters", $"must be above 0 and at most {MaxRadiusMeters} m");
        check.Number("max_results", request.MaxResults, 0, MaxResults);
        check.Require(System.Enum.IsDefined(request.Rank), "rank", "must be one of the enum's values");
        if (request.Filter is { } filter)
        {
            check.Require(System.Enum.IsDefined(filter.Availability), "filter.availability", "must be one of the enum's values");
            check.Require(System.Enum.IsDefined(filter.Work), "filter.work", "must be one of the enum's values");
            check.Require(System.Enum.IsDefined(filter.Link), "filter.link", "must be one of the enum's values");
            check.OptionalId("filter.vehicle_type", filter.VehicleType);
            check.Number("filter.min_seats", filter.MinSeats, 0, 64);
            DirectoryCheck.Attributes(check, "filter.required_attributes", filter.RequiredAttributes);
            check.OptionalDuration("filter.max_fix_age", filter.MaxFixAge, TimeSpan.FromTicks(1), MaxAge, "must be above 0 and at most 24 h");
            check.Require(filter.ExcludedDriverIds.Count <= MaxExcluded, "filter.excluded_driver_ids", $"must be at most {MaxExcluded}, not {filter.ExcludedDriverIds.Count}");
            for (var i = 0; i < filter.ExcludedDriverIds.Count && i < MaxExcluded; i++)
            {
                check.Id($"filter.excluded_driver_ids[{i}]", filter.ExcludedDriverIds[i]);
            }
        }

        check.Pass();
        return new DriverSearch(request, now, slots, directory);
    }
}
