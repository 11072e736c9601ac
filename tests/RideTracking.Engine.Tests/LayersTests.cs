using System.Reflection;
using RideTracking.Engine.Geo;
using RideTracking.Engine.Ingest;

namespace RideTracking.Engine.Tests;

/// <summary>References inside the engine run one way, method bodies included.</summary>
public class LayersTests
{
    // A namespace may use itself and those of lower layers; Fanout, Zones and Roads do not know each other.
    private static readonly Dictionary<string, int> Layers = new()
    {
        ["Geo"] = 0,
        ["Packing"] = 0,
        ["Ingest"] = 1,
        ["Index"] = 2,
        ["Fanout"] = 3,
        ["Zones"] = 3,
        ["Roads"] = 3,
        ["Dispatch"] = 4,
    };

    private static readonly string[] ForbiddenAssemblies = ["Grpc", "Google", "StackExchange", "Microsoft", "RideTracking"];

    private static readonly Assembly Engine = typeof(Gate).Assembly;
    private static readonly NamespaceUses Uses = new(Engine, "RideTracking.Engine.");

    [Fact]
    public void Each_namespace_uses_only_lower_ones() => Assert.Empty(Uses.Violations(Layers));

    [Fact]
    public void A_reference_that_runs_the_wrong_way_is_found_even_in_a_method_body()
    {
        var upsideDown = new Dictionary<string, int>(Layers) { ["Geo"] = 1, ["Ingest"] = 0 };
        Assert.Contains($"{typeof(Gate)} uses {typeof(Earth)}", Uses.Violations(upsideDown));
    }

    [Fact]
    public void A_namespace_without_a_layer_is_found()
    {
        var incomplete = new Dictionary<string, int>(Layers);
        incomplete.Remove("Geo");
        Assert.Contains($"{typeof(Earth)} is in no known layer", Uses.Violations(incomplete));
    }

    [Fact]
    public void The_engine_knows_no_wire_no_store_and_no_web() =>
        Assert.DoesNotContain(
            Engine.GetReferencedAssemblies(),
            assembly => ForbiddenAssemblies.Any(
                prefix => assembly.Name!.StartsWith(prefix, StringComparison.Ordinal)));
}
