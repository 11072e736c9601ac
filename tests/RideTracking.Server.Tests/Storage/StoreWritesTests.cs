using System.Reflection;
using RideTracking.Engine.Tests;
using RideTracking.Server.Store;
using StackExchange.Redis;

namespace RideTracking.Server.Tests.Storage;

/// <summary>All that the server writes goes through <see cref="StoreWriter"/>: anything else would be half there after a kill.</summary>
public sealed class StoreWritesTests
{
    private static readonly string[] Reads =
    [
        "StringGet", "HashGet", "HashScan", "HashExists", "HashLength", "KeyExists", "ListRange", "ListLength", "ListGetByIndex", "SortedSetRange", "SortedSetScore",
        "SortedSetScan", "SortedSetLength", "SetMembers", "Ping", "IdentifyEndpoint", "get_Multiplexer", "IsConnected",
    ];

    private static readonly Type[] Writers = [typeof(StoreWriter), typeof(ReplicaWait), typeof(StoreReader), typeof(LoadedScript), typeof(StoreCopy), typeof(EmbeddedCopyTarget), typeof(RedisCopyTarget), typeof(StoreMove)];

    [Fact]
    public void Nothing_else_writes() => Assert.Empty(Uses(typeof(RideTrackingServer).Assembly));

    [Fact]
    public void Something_that_writes_is_found() => Assert.NotEmpty(Uses(typeof(StoreWritesTests).Assembly));

    private static List<string> Uses(Assembly assembly) =>
    [
        .. from type in assembly.GetTypes()
           where !Writers.Contains(type) && !Writers.Contains(type.DeclaringType)
           from method in type.GetMethods(All).Cast<MethodBase>().Concat(type.GetConstructors(All))
           from used in NamespaceUses.MembersInBody(method).OfType<MethodBase>()
           where used.DeclaringType is { } database && (database == typeof(IDatabase) || database == typeof(IDatabaseAsync))
           where !Array.Exists(Reads, read => used.Name.StartsWith(read, StringComparison.Ordinal))
           select $"{type} uses {used.Name}",
    ];

    private const BindingFlags All =
        BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Static | BindingFlags.Instance | BindingFlags.DeclaredOnly;
}
