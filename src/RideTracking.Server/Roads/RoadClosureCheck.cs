using RideTracking.Server.Protocol;

namespace RideTracking.Server.Roads;

/// <summary>What can be wrong with closures by themselves.</summary>
internal static class RoadClosureCheck
{
    private const int MaxClosures = 1_000;
    private const int MaxPoints = 100;
    private const int MaxKmh = 200;
    private const int MaxNoteLength = 128;

    /// <exception cref="Grpc.Core.RpcException">INVALID_ARGUMENT with a BadRequest that names the fields.</exception>
    public static void Pass(V1.SetRoadClosuresRequest request)
    {
        var check = new RequestCheck();
        check.Require(request.Closures.Count <= MaxClosures, "closures", $"must be at most {MaxClosures}, not {request.Closures.Count}");
        var ids = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < request.Closures.Count && i < MaxClosures; i++)
        {
            var (closure, field) = (request.Closures[i], $"closures[{i}]");
            check.Id($"{field}.closure_id", closure.ClosureId);
            check.Require(ids.Add(closure.ClosureId), $"{field}.closure_id", "must be another one than those before");
            check.Number($"{field}.max_speed_kmh", closure.MaxSpeedKmh, 0, MaxKmh);
            check.Text($"{field}.note", closure.Note, 0, MaxNoteLength);
            check.Require(closure.Path.Count is >= 1 and <= MaxPoints, $"{field}.path", $"must be 1 to {MaxPoints} points, not {closure.Path.Count}");
            for (var point = 0; point < closure.Path.Count && point < MaxPoints; point++)
            {
                check.Location($"{field}.path[{point}]", closure.Path[point]);
            }
        }

        check.Pass();
    }
}
