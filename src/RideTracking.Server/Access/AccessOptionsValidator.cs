using Microsoft.Extensions.Options;
using Microsoft.IdentityModel.Tokens;
using RideTracking.Server.Hosting;

namespace RideTracking.Server.Access;

/// <summary>Says at start what is wrong with <see cref="AccessOptions"/> and how to mend it.</summary>
internal sealed class AccessOptionsValidator(IHostEnvironment environment) : IValidateOptions<AccessOptions>
{
    public ValidateOptionsResult Validate(string? name, AccessOptions options)
    {
        var check = new OptionsCheck(AccessOptions.Section);
        Keys(check, options);
        check.Require(
            !string.IsNullOrEmpty(options.Audience),
            "Audience is empty. Set it to the `aud` of your tokens; without one, tokens made for other services would count here.");
        check.Within("ClockSkew", options.ClockSkew, TimeSpan.Zero, TimeSpan.FromMinutes(5));
        check.Within("KeysRefreshInterval", options.KeysRefreshInterval, TimeSpan.FromMinutes(5), TimeSpan.FromDays(1));
        check.Above("RecheckInterval", options.RecheckInterval, TimeSpan.Zero, TimeSpan.FromDays(1));
        check.Within("CachedTokens", options.CachedTokens, 1_000, 10_000_000);
        return check.Result;
    }

    private void Keys(OptionsCheck check, AccessOptions options)
    {
        var hasFile = !string.IsNullOrEmpty(options.JwksFile);
        var hasAuthority = !string.IsNullOrEmpty(options.Authority);
        check.Require(
            hasFile || hasAuthority || environment.IsDevelopment(),
            " there are no keys to check tokens with. Set Access:JwksFile to a JSON Web Key Set file "
            + "or Access:Authority to the URL of an OpenID Connect issuer (environment variables Access__JwksFile, "
            + "Access__Authority), or start with --environment Development to use a key made on this machine.");
        check.Require(
            !(hasFile && hasAuthority), " both Access:JwksFile and Access:Authority are set. Remove one, so that it is plain which keys count.");
        if (hasFile)
        {
            check.Require(!string.IsNullOrEmpty(options.Issuer), "Issuer is empty. With Access:JwksFile, set it to the `iss` of your tokens.");
            if (FaultOfKeySet(options.JwksFile!) is { } fault)
            {
                check.Add([fault]);
            }
        }

        check.Require(
            !hasAuthority || (Uri.TryCreate(options.Authority, UriKind.Absolute, out var url)
                && (url.Scheme == Uri.UriSchemeHttps || (url.Scheme == Uri.UriSchemeHttp && environment.IsDevelopment()))),
            $"Authority is \"{options.Authority}\". Set it to an absolute https URL (http only in development), such as https://login.example.com/realms/rides.");
    }

    private static string? FaultOfKeySet(string path)
    {
        try
        {
            var keys = new JsonWebKeySet(File.ReadAllText(path)).GetSigningKeys();
            return keys.Any(key => key is ECDsaSecurityKey or RsaSecurityKey or X509SecurityKey)
                ? null
                : $"JwksFile \"{path}\" holds no EC or RSA signing key. Put the issuer's public keys there as {{\"keys\":[…]}}.";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return $"JwksFile \"{path}\" cannot be read: {e.Message} Point it to a JSON Web Key Set, as {{\"keys\":[…]}}.";
        }
    }
}
