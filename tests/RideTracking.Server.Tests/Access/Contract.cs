using System.Reflection;
using Google.Protobuf.Reflection;
using RideTracking.V1;

namespace RideTracking.Server.Tests.Access;

/// <summary>Every RPC there is, from the generated code itself.</summary>
internal static class Contract
{
    public static IReadOnlyList<MethodDescriptor> Methods { get; } =
    [
        .. typeof(DriverService).Assembly.GetTypes()
            .Select(type => type.GetProperty("Descriptor", BindingFlags.Public | BindingFlags.Static)?.GetValue(null))
            .OfType<FileDescriptor>()
            .SelectMany(file => file.Services)
            .SelectMany(service => service.Methods),
    ];

    public static string FullName(MethodDescriptor method) => $"/{method.Service.FullName}/{method.Name}";
}
