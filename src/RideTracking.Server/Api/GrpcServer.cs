using Grpc.AspNetCore.Server;
using Grpc.AspNetCore.Server.Model;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using RideTracking.Server.Hosting;

namespace RideTracking.Server.Api;

/// <summary>gRPC and gRPC-Web, with what applies to every call.</summary>
public static class GrpcServer
{
    /// <summary>Adds gRPC with the limits of <see cref="ListenOptions"/>.</summary>
    public static WebApplicationBuilder AddGrpcServer(this WebApplicationBuilder builder)
    {
        builder.Services.AddGrpc(grpc =>
        {
            grpc.Interceptors.Add<StoreFailureInterceptor>();
            grpc.Interceptors.Add<SlowReaderInterceptor>();
        });
        builder.Services.AddOptions<GrpcServiceOptions>().Configure<IOptions<ListenOptions>>((grpc, listen) => grpc.MaxReceiveMessageSize = listen.Value.MaxMessageBytes);
        builder.Services.Replace(ServiceDescriptor.Singleton(typeof(IServiceMethodProvider<>), typeof(CheckedMethods<>)));
        return builder;
    }

    /// <summary>Lets browsers call every service over gRPC-Web.</summary>
    public static WebApplication MapGrpcServer(this WebApplication app)
    {
        app.UseGrpcWeb(new GrpcWebOptions { DefaultEnabled = true });
        app.UseHangUps();
        return app;
    }
}
