using Grpc.Core;
using Microsoft.Extensions.Options;
using RideTracking.Engine.Zones;
using RideTracking.Server.Directories;
using RideTracking.Server.Protocol;
using RideTracking.Server.Zones;

namespace RideTracking.Server.Api;

/// <summary>The calls about zones themselves; <c>FleetService</c> has them.</summary>
internal sealed class ZoneDesk(ZoneBook book, IOptions<ZoneOptions> options)
{
    private const int MaxNameLength = 128;

    /// <exception cref="RpcException">INVALID_ARGUMENT that names the field, and of a geometry the place.</exception>
    public async Task<V1.UpsertZoneResponse> UpsertAsync(V1.UpsertZoneRequest request)
    {
        Check(request.Zone);
        return new V1.UpsertZoneResponse { Zone = await book.SetAsync(request.Zone) };
    }

    public async Task<V1.GetZoneResponse> GetAsync(V1.GetZoneRequest request)
    {
        ExternalId.Require("zone_id", request.ZoneId);
        return new V1.GetZoneResponse { Zone = await book.Entries.FindAsync(request.ZoneId) ?? throw NotFound(request.ZoneId) };
    }

    public V1.ListZonesResponse List(V1.ListZonesRequest request)
    {
        var (page, next) = book.Entries.Page(request.PageToken, DirectoryCheck.PageSize(request.PageSize, request.PageToken), z => z.ZoneId);
        return new V1.ListZonesResponse { Zones = { page }, NextPageToken = next };
    }

    public async Task<V1.DeleteZoneResponse> DeleteAsync(V1.DeleteZoneRequest request)
    {
        ExternalId.Require("zone_id", request.ZoneId);
        return await book.RemoveAsync(request.ZoneId) ? new V1.DeleteZoneResponse() : throw NotFound(request.ZoneId);
    }

    private void Check(V1.Zone? zone)
    {
        var check = new RequestCheck();
        check.Require(zone is not null, "zone", "must be given");
        if (zone is not null)
        {
            check.Id("zone.zone_id", zone.ZoneId);
            check.Text("zone.display_name", zone.DisplayName, 1, MaxNameLength);
            check.Choice("zone.kind", zone.Kind);
            check.OptionalDuration("zone.dwell_after", zone.DwellAfter, TimeSpan.FromTicks(1), TimeSpan.FromDays(30), "must be above 0 and at most 30 days, or absent");
            try
            {
                zone.GeoJson = ZoneGeometry.ToKeep(zone.GeoJson, options.Value.Limits);
            }
            catch (ZoneGeometryException e)
            {
                check.Require(false, "zone.geo_json", e.Message);
            }
        }

        check.Pass();
    }

    private static RpcException NotFound(string zoneId) => Refusal.NotFound("ZONE_NOT_FOUND", $"There is no zone {zoneId}.").ToRpcException();
}
