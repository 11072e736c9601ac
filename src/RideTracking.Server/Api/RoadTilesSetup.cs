using Microsoft.AspNetCore.Mvc;
using RideTracking.Server.Access;
using RideTracking.Server.Areas;

namespace RideTracking.Server.Api;

/// <summary>Wires the streets under the map.</summary>
public static class RoadTilesSetup
{
    /// <summary>Serves <c>/tiles/roads.json</c> and <c>/tiles/roads/{z}/{x}/{y}.mvt</c>.</summary>
    public static WebApplication MapRoadTiles(this WebApplication app)
    {
        app.MapGet("/tiles/roads.json", ([FromServices] AreaSet areas, HttpContext http) => areas.Home.RoadTiles.Describe(http))
            .RequireRole(AccessRules.RoadTiles);
        app.MapGet(
                "/tiles/roads/{zoom:int}/{x:int}/{y:int}.mvt",
                ([FromServices] AreaSet areas, HttpContext http, int zoom, int x, int y) => areas.Home.RoadTiles.Tile(http, zoom, x, y))
            .RequireRole(AccessRules.RoadTiles);
        return app;
    }
}
