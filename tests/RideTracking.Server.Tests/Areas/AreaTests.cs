using Grpc.AspNetCore.Server;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using RideTracking.Server.Areas;
using RideTracking.Server.Hosting;
using RideTracking.Server.Telemetry;
using RideTracking.Server.Tests.Fixtures;

namespace RideTracking.Server.Tests.Areas;

/// <summary>A city lives in a container of its own: nothing of the process can hold a piece of it, and two cities have nothing in common.</summary>
public sealed class AreaTests
{
    private readonly List<IServiceCollection> _areas = [];

    [Fact]
    public async Task Every_mapped_endpoint_can_be_built_from_the_root()
    {
        await using var server = await StartAsync();
        var endpoints = server.Services.GetServices<EndpointDataSource>().SelectMany(source => source.Endpoints)
            .Select(endpoint => endpoint.Metadata.GetMetadata<GrpcMethodMetadata>()?.ServiceType).OfType<Type>()
            .Where(IsOurs).Distinct().ToList();
        Assert.Equal(5, endpoints.Count);
        Assert.All(endpoints, endpoint => Assert.NotNull(server.Services.GetService(endpoint)));
    }

    [Fact]
    public async Task No_type_of_a_city_can_be_had_from_the_root()
    {
        await using var server = await StartAsync();
        var shared = server.Services.GetRequiredService<AreaSet>().Home.Shared;
        var made = Made().Except(shared).ToList();
        Assert.NotEmpty(made);
        Assert.All(made, type => Assert.Null(server.Services.GetService(type)));
    }

    [Fact]
    public async Task Nothing_of_the_process_holds_a_piece_of_a_city()
    {
        await using var server = await StartAsync();
        var areas = server.Services.GetRequiredService<AreaSet>();
        var endpoints = server.Services.GetServices<EndpointDataSource>().SelectMany(source => source.Endpoints)
            .Select(endpoint => endpoint.Metadata.GetMetadata<GrpcMethodMetadata>()?.ServiceType).OfType<Type>().Where(IsOurs).Distinct();
        IEnumerable<object> process =
        [
            .. areas.Home.Shared.Select(server.Services.GetService).OfType<object>(), .. endpoints.Select(server.Services.GetRequiredService),
            .. server.Services.GetServices<IHostedService>(),
        ];
        // What is observed of an area is taken back when it closes.
        var reached = ObjectGraph.From(process, one => one is AreaSet or ObservedInstruments or Troubles);
        Assert.DoesNotContain(SingletonsOf(areas.Home), reached.Contains);
    }

    [Fact]
    public async Task Two_areas_of_one_process_have_nothing_in_common_but_what_is_named()
    {
        await using var server = await StartAsync();
        var areas = server.Services.GetRequiredService<AreaSet>();
        await using var other = areas.Open("other");
        var named = areas.Home.Shared.Select(server.Services.GetService).OfType<object>().ToHashSet(ReferenceEqualityComparer.Instance);
        var shared = ObjectGraph.From(named, one => one is AreaSet or ObservedInstruments or Troubles);
        var (here, there) = (SingletonsOf(areas.Home), SingletonsOf(other));
        Assert.True(here.Count > 50, $"{here.Count} singletons");
        Assert.Equal(here.Count, there.Count);

        var common = ObjectGraph.From(here, named.Contains).Intersect(ObjectGraph.From(there, named.Contains), ReferenceEqualityComparer.Instance)
            .Where(one => IsOurs(one!.GetType()) && !IsNothing(one) && !shared.Contains(one)).Select(one => one!.GetType().ToString()).Distinct().Order();
        Assert.Empty(common);
    }

    [Fact]
    public async Task What_two_areas_share_is_found()
    {
        var both = new List<string>();
        await using var server = await StartAsync(area => area.AddSingleton(new Held(both)));
        var areas = server.Services.GetRequiredService<AreaSet>();
        await using var other = areas.Open("other");
        var common = ObjectGraph.From(SingletonsOf(areas.Home), _ => false).Intersect(ObjectGraph.From(SingletonsOf(other), _ => false), ReferenceEqualityComparer.Instance);
        Assert.Contains(both, common);
    }

    private Task<ServerHost> StartAsync(Action<IServiceCollection>? change = null) => ServerHost.StartAsync(
        configure: builder => builder.Services.AddSingleton(new AreaChange(services =>
        {
            change?.Invoke(services);
            _areas.Add(services);
        })));

    private IEnumerable<Type> Made() => _areas[0].Where(d => !d.IsKeyedService && !d.ServiceType.IsGenericTypeDefinition && IsOurs(d.ServiceType)).Select(d => d.ServiceType).Distinct();

    private List<object> SingletonsOf(AreaHost area) =>
        [.. Made().Except(area.Shared).Select(area.Services.GetRequiredService), .. area.Services.GetServices<IHostedService>()];

    // What holds nothing never changes: an empty array, the place of lambdas that capture nothing.
    private static bool IsNothing(object one) => one is Array { Length: 0 } || one.GetType().Name == "<>c";

    private static bool IsOurs(Type type) => type.Namespace?.StartsWith("RideTracking", StringComparison.Ordinal) is true;

    private sealed record Held(List<string> Value);
}
