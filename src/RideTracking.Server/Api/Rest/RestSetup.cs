using Google.Protobuf.Reflection;
using Google.Rpc;
using Microsoft.Extensions.Options;
using Microsoft.OpenApi.Models;
using RideTracking.Server.Hosting;
using RideTracking.V1;

namespace RideTracking.Server.Api.Rest;

/// <summary>
/// The same calls as REST and JSON, for those who cannot speak gRPC: paths by the contract's <c>google.api.http</c> rules, streams as lines of JSON,
/// and OpenAPI. Pages of other origins may call where they are allowed.
/// </summary>
public static class RestSetup
{
    /// <summary>The name of the described interface, in the path of its description.</summary>
    private const string Document = "v1";

    // What refusals are told with.
    internal static TypeRegistry Details { get; } = TypeRegistry.FromMessages(BadRequest.Descriptor, ErrorInfo.Descriptor, RetryInfo.Descriptor);

    /// <summary>Adds JSON to each call that has a path, its description, and pages of other origins. Its interceptor stands before all others.</summary>
    public static WebApplicationBuilder AddRest(this WebApplicationBuilder builder)
    {
        builder.Services.AddGrpc(grpc => grpc.Interceptors.Add<JsonCalls>()).AddJsonTranscoding(json =>
        {
            json.TypeRegistry = Details;
            // As protobuf's JSON is everywhere else: what is not there is not written.
            json.JsonSettings.IgnoreDefaultValues = true;
        });
        builder.Services.AddGrpcSwagger();
        builder.Services.AddSwaggerGen(document =>
        {
            document.SwaggerDoc(Document, new OpenApiInfo { Title = "ride-tracking", Version = Document });
            document.AddSecurityDefinition("token", new OpenApiSecurityScheme { Type = SecuritySchemeType.Http, Scheme = "bearer", BearerFormat = "JWT" });
            document.AddSecurityRequirement(new OpenApiSecurityRequirement
            {
                [new OpenApiSecurityScheme { Reference = new OpenApiReference { Type = ReferenceType.SecurityScheme, Id = "token" } }] = [],
            });
            document.CustomSchemaIds(type => type.Name);
            var comments = Path.ChangeExtension(typeof(Trip).Assembly.Location, ".xml");
            document.IncludeXmlComments(comments);
            document.IncludeGrpcXmlComments(comments, includeControllerXmlComments: true);
        });
        builder.Services.AddCors();
        builder.Services.AddOptions<Microsoft.AspNetCore.Cors.Infrastructure.CorsOptions>().Configure<IOptions<ListenOptions>>((cors, listen) =>
            cors.AddDefaultPolicy(policy => policy
                .WithOrigins(listen.Value.Origins)
                .AllowAnyHeader()
                .AllowAnyMethod()
                .WithExposedHeaders("Grpc-Status", "Grpc-Message", "Grpc-Status-Details-Bin", "Retry-After")
                .SetPreflightMaxAge(TimeSpan.FromHours(1))));
        return builder;
    }

    /// <summary>Lets pages of other origins call, and looks at JSON before it is read; must come before what serves.</summary>
    public static WebApplication UseRest(this WebApplication app)
    {
        app.UseCors();
        app.UseJsonRequests();
        return app;
    }

    /// <summary>Serves <c>/openapi/v1.json</c>.</summary>
    public static WebApplication MapRest(this WebApplication app)
    {
        app.MapSwagger("/openapi/{documentName}.json");
        return app;
    }
}
