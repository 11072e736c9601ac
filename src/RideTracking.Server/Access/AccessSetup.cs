using Grpc.AspNetCore.Server;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Microsoft.IdentityModel.Protocols;
using Microsoft.IdentityModel.Protocols.OpenIdConnect;
using RideTracking.Server.Hosting;

namespace RideTracking.Server.Access;

/// <summary>Who may do what: bearer tokens on every RPC.</summary>
public static partial class AccessSetup
{
    /// <summary>
    /// Key of the clock that token times are judged by. Tokens come from outside, so it is the real one, also where the
    /// server lives by a scaled clock.
    /// </summary>
    public const string TokenClock = "token-clock";

    /// <summary>Checks tokens on every gRPC call.</summary>
    public static WebApplicationBuilder AddAccess(this WebApplicationBuilder builder)
    {
        var services = builder.Services;
        services.AddSettings<AccessOptions>(AccessOptions.Section);
        services.AddSingleton<IValidateOptions<AccessOptions>, AccessOptionsValidator>();
        services.TryAddKeyedSingleton(TokenClock, TimeProvider.System);
        services.AddSingleton(KeySource);
        services.AddSingleton<TokenValidator>();
        services.AddSingleton<Admission>();
        services.AddSingleton<AccessInterceptor>();
        services.Configure<GrpcServiceOptions>(options => options.Interceptors.Add<AccessInterceptor>());

        if (UsesDevelopmentKey(builder.Configuration, builder.Environment))
        {
            services.AddSingleton(provider => DevelopmentKey.Open(
                provider.GetRequiredService<IOptions<DataOptions>>().Value.DataFolder,
                provider.GetRequiredService<IOptions<AccessOptions>>().Value.Audience,
                provider.GetRequiredKeyedService<TimeProvider>(TokenClock)));
            services.AddSingleton(provider => DevelopmentPageKey.Open(provider.GetRequiredService<IOptions<DataOptions>>().Value.DataFolder));
            services.AddHostedService<DevelopmentServiceToken>();
        }

        return builder;
    }

    /// <summary>In development, gives the page on this machine its token.</summary>
    public static WebApplication MapAccess(this WebApplication app)
    {
        if (UsesDevelopmentKey(app.Configuration, app.Environment))
        {
            app.MapGet("/dev/token", DevelopmentTokenEndpoint.Get);
            var key = app.Services.GetRequiredService<DevelopmentPageKey>();
            app.Lifetime.ApplicationStarted.Register(() => LogMap(app.Logger, Listening.PageAddress(app), key.Text));
        }

        return app;
    }

    [LoggerMessage(LogLevel.Information, "The map, for a browser on this machine: {Address}?key={Key}")]
    private static partial void LogMap(ILogger logger, string address, string key);

    private static bool UsesDevelopmentKey(IConfiguration configuration, IHostEnvironment environment)
    {
        var access = configuration.GetSection(AccessOptions.Section);
        return environment.IsDevelopment()
            && string.IsNullOrEmpty(access[nameof(AccessOptions.JwksFile)]) && string.IsNullOrEmpty(access[nameof(AccessOptions.Authority)]);
    }

    private static IConfigurationManager<OpenIdConnectConfiguration> KeySource(IServiceProvider provider)
    {
        var options = provider.GetRequiredService<IOptions<AccessOptions>>().Value;
        if (!string.IsNullOrEmpty(options.Authority))
        {
            return Refreshed(options, new(
                $"{options.Authority.TrimEnd('/')}/.well-known/openid-configuration",
                new OpenIdConnectConfigurationRetriever(),
                new HttpDocumentRetriever { RequireHttps = options.Authority.StartsWith("https:", StringComparison.OrdinalIgnoreCase) }));
        }

        if (!string.IsNullOrEmpty(options.JwksFile))
        {
            return Refreshed(options, new(options.JwksFile, new JwksFileRetriever(options.Issuer!), new FileDocumentRetriever()));
        }

        return new StaticConfigurationManager<OpenIdConnectConfiguration>(provider.GetRequiredService<DevelopmentKey>().Configuration);
    }

    private static ConfigurationManager<OpenIdConnectConfiguration> Refreshed(
        AccessOptions options, ConfigurationManager<OpenIdConnectConfiguration> keys)
    {
        keys.AutomaticRefreshInterval = options.KeysRefreshInterval;
        // An unknown key id asks for the keys at once, but forged ones must not make us hammer the issuer.
        keys.RefreshInterval = TimeSpan.FromSeconds(30);
        // A key that the issuer withdrew is withdrawn.
        keys.UseLastKnownGoodConfiguration = false;
        return keys;
    }
}
