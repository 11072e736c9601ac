using Grpc.AspNetCore.Server;
using Grpc.AspNetCore.Server.Model;
using Microsoft.Extensions.Options;
using RideTracking.Server.Hosting;

namespace RideTracking.Server.Api;

/// <summary>gRPC and gRPC-Web, with what applies to every call.</summary>
public static class GrpcServer
{
    /// <summary>Adds gRPC with the limits of <see cref="ListenOptions"/>; after whatever adds gRPC for reasons of its own.</summary>
    public static WebApplicationBuilder AddGrpcServer(this WebApplicationBuilder builder)
    {
        builder.Services.AddGrpc(grpc =>
        {
            grpc.Interceptors.Add<StoreFailureInterceptor>();
            grpc.Interceptors.Add<SlowReaderInterceptor>();
        });
        builder.Services.AddOptions<GrpcServiceOptions>().Configure<IOptions<ListenOptions>>((grpc, listen) => grpc.MaxReceiveMessageSize = listen.Value.MaxMessageBytes);
        // In place of gRPC's own binder; that of calls in JSON stays.
        foreach (var own in builder.Services.Where(s => s.ServiceType == typeof(IServiceMethodProvider<>) && s.ImplementationType!.Assembly == typeof(IServiceMethodProvider<>).Assembly).ToList())
        {
            builder.Services.Remove(own);
        }

        builder.Services.AddSingleton(typeof(IServiceMethodProvider<>), typeof(CheckedMethods<>));
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
