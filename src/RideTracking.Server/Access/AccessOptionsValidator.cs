using Microsoft.Extensions.Options;
using Microsoft.IdentityModel.Tokens;

namespace RideTracking.Server.Access;

/// <summary>Says at start what is wrong with <see cref="AccessOptions"/> and how to mend it.</summary>
internal sealed class AccessOptionsValidator(IHostEnvironment environment) : IValidateOptions<AccessOptions>
{
    public ValidateOptionsResult Validate(string? name, AccessOptions options)
    {
        var faults = Faults(options).ToList();
        return faults.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(faults);
    }

    private IEnumerable<string> Faults(AccessOptions options)
    {
        var hasFile = !string.IsNullOrEmpty(options.JwksFile);
        var hasAuthority = !string.IsNullOrEmpty(options.Authority);
        if (!hasFile && !hasAuthority && !environment.IsDevelopment())
        {
            yield return "Access: there are no keys to check tokens with. Set Access:JwksFile to a JSON Web Key Set file "
                + "or Access:Authority to the URL of an OpenID Connect issuer (environment variables Access__JwksFile, "
                + "Access__Authority), or start with --environment Development to use a key made on this machine.";
        }

        if (hasFile && hasAuthority)
        {
            yield return "Access: both Access:JwksFile and Access:Authority are set. Remove one, so that it is plain which keys count.";
        }

        if (hasFile)
        {
            if (string.IsNullOrEmpty(options.Issuer))
            {
                yield return "Access:Issuer is empty. With Access:JwksFile, set it to the `iss` of your tokens.";
            }

            if (FaultOfKeySet(options.JwksFile!) is { } fault)
            {
                yield return fault;
            }
        }

        if (hasAuthority
            && !(Uri.TryCreate(options.Authority, UriKind.Absolute, out var url)
                && (url.Scheme == Uri.UriSchemeHttps || (url.Scheme == Uri.UriSchemeHttp && environment.IsDevelopment()))))
        {
            yield return $"Access:Authority is \"{options.Authority}\". Set it to an absolute https URL (http only in development), such as https://login.example.com/realms/rides.";
        }

        if (string.IsNullOrEmpty(options.Audience))
        {
            yield return "Access:Audience is empty. Set it to the `aud` of your tokens; without one, tokens made for other services would count here.";
        }

        if (options.ClockSkew < TimeSpan.Zero || options.ClockSkew > TimeSpan.FromMinutes(5))
        {
            yield return $"Access:ClockSkew is {options.ClockSkew}. Set it between 00:00:00 and 00:05:00.";
        }

        if (options.KeysRefreshInterval < TimeSpan.FromMinutes(5) || options.KeysRefreshInterval > TimeSpan.FromDays(1))
        {
            yield return $"Access:KeysRefreshInterval is {options.KeysRefreshInterval}. Set it between 00:05:00 and 1.00:00:00.";
        }

        if (options.RecheckInterval <= TimeSpan.Zero || options.RecheckInterval > TimeSpan.FromDays(1))
        {
            yield return $"Access:RecheckInterval is {options.RecheckInterval}. Set it above 00:00:00 and at most 1.00:00:00.";
        }

        if (options.CachedTokens is < 1_000 or > 10_000_000)
        {
            yield return $"Access:CachedTokens is {options.CachedTokens}. Set it between 1000 and 10000000.";
        }
    }

    private static string? FaultOfKeySet(string path)
    {
        try
        {
            var keys = new JsonWebKeySet(File.ReadAllText(path)).GetSigningKeys();
            return keys.Any(key => key is ECDsaSecurityKey or RsaSecurityKey or X509SecurityKey)
                ? null
                : $"Access:JwksFile \"{path}\" holds no EC or RSA signing key. Put the issuer's public keys there as {{\"keys\":[…]}}.";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return $"Access:JwksFile \"{path}\" cannot be read: {e.Message} Point it to a JSON Web Key Set, as {{\"keys\":[…]}}.";
        }
    }
}
