using System.Collections.Frozen;
using System.Security.Cryptography;
using System.Text.Json;
using Google.Rpc;
using Microsoft.Extensions.Options;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Protocols;
using Microsoft.IdentityModel.Protocols.OpenIdConnect;
using Microsoft.IdentityModel.Tokens;
using RideTracking.Server.Protocol;

namespace RideTracking.Server.Access;

/// <summary>A token's <see cref="Caller"/>, or the refusal (UNAUTHENTICATED, or UNAVAILABLE while there are no keys).</summary>
public readonly record struct TokenVerdict(Caller? Caller, Status? Refusal);

/// <summary>
/// Turns a bearer token into a <see cref="Caller"/>. Thread-safe. Tokens come from outside, so their times are judged by
/// the real clock, also where the server lives by a scaled one.
/// </summary>
public sealed partial class TokenValidator
{
    /// <summary>Longest token looked at, in characters; well below what an HTTP header may hold.</summary>
    public const int MaxTokenLength = 8 * 1024;

    /// <summary>Most ids in a token.</summary>
    public const int MaxIds = 256;

    private static readonly TimeSpan LongestTimer = TimeSpan.FromDays(40);
    private static readonly TimeSpan ComplainEvery = TimeSpan.FromSeconds(30);

    private readonly JsonWebTokenHandler _handler = new() { MaximumTokenSizeInBytes = MaxTokenLength };
    private readonly IConfigurationManager<OpenIdConnectConfiguration> _keys;
    private readonly TokenValidationParameters _parameters;
    private readonly ValidatedTokens _validated;
    private readonly AccessOptions _options;
    private readonly TimeProvider _clock;
    private readonly ILogger<TokenValidator> _logger;
    private long _quietUntilTicks;

    /// <summary>Made once, by <c>AddAccess</c>.</summary>
    public TokenValidator(
        IOptions<AccessOptions> options,
        IConfigurationManager<OpenIdConnectConfiguration> keys,
        [FromKeyedServices(AccessSetup.TokenClock)] TimeProvider clock,
        ILogger<TokenValidator> logger)
    {
        _logger = logger;
        _options = options.Value;
        _keys = keys;
        _clock = clock;
        _validated = new ValidatedTokens(_options.CachedTokens);
        _parameters = new TokenValidationParameters
        {
            ConfigurationManager = (BaseConfigurationManager)keys,
            ValidIssuer = _options.Issuer,
            ValidAudience = _options.Audience,
            // Nothing symmetric: a public key must never do as an HMAC secret.
            ValidAlgorithms = [SecurityAlgorithms.EcdsaSha256, SecurityAlgorithms.RsaSha256],
            LifetimeValidator = JudgeLifetime,
            IncludeTokenOnFailedValidation = true,
        };
    }

    /// <summary>What a call gets whose token ended.</summary>
    public static Status Expired => Refusal.Unauthenticated("TOKEN_EXPIRED", "The token is past its time. Get a new one.");

    /// <summary>Validates a token, without the word <c>Bearer</c>. Never throws for a bad one.</summary>
    public async ValueTask<TokenVerdict> ValidateAsync(string token, CancellationToken cancel)
    {
        if (token.Length == 0)
        {
            return Refused("TOKEN_MISSING", "The token is empty.");
        }

        if (token.Length > MaxTokenLength)
        {
            return Refused("TOKEN_TOO_LONG", $"The token has {token.Length} characters; the most is {MaxTokenLength}.");
        }

        var hash = TokenHash.Of(token);
        var now = _clock.GetUtcNow();
        if (_validated.TryGet(hash, now, out var known))
        {
            return new(known, null);
        }

        try
        {
            await _keys.GetConfigurationAsync(cancel);
        }
        catch (InvalidOperationException e)
        {
            // Each call fails while this lasts; one line in a while tells it.
            if (now.UtcTicks >= Volatile.Read(ref _quietUntilTicks))
            {
                Volatile.Write(ref _quietUntilTicks, (now + ComplainEvery).UtcTicks);
                LogNoKeys(e);
            }

            // Nobody is told "your token is bad" for want of keys.
            return new(null, Refusal.Unavailable("NO_TOKEN_KEYS", "The keys to check tokens with cannot be had now.", TimeSpan.FromSeconds(5)));
        }

        var result = await _handler.ValidateTokenAsync(token, _parameters);
        if (!result.IsValid)
        {
            return result.TokenOnFailedValidation is JsonWebToken { Alg: var algorithm } && !_parameters.ValidAlgorithms.Contains(algorithm)
                ? Refused("TOKEN_ALGORITHM", "The token's `alg` must be ES256 or RS256.")
                : Refused(result.Exception);
        }

        var verdict = ReadClaims((JsonWebToken)result.SecurityToken);
        if (verdict.Caller is { } caller)
        {
            _validated.Add(hash, caller, now + _options.RecheckInterval);
        }

        return verdict;
    }

    /// <summary>Cancelled when the caller's token ends; dispose it with the stream.</summary>
    public CancellationTokenSource CancelAtExpiry(Caller caller)
    {
        var left = caller.ExpiresAt - _clock.GetUtcNow();
        // A timer cannot run longer than 49 days; a stream that old may as well show its token again.
        return new CancellationTokenSource(
            left <= TimeSpan.Zero ? TimeSpan.Zero : left < LongestTimer ? left : LongestTimer, _clock);
    }

    private static TokenVerdict Refused(string reason, string message) => new(null, Refusal.Unauthenticated(reason, message));

    private static TokenVerdict Refused(Exception fault) => fault switch
    {
        SecurityTokenExpiredException => new(null, Expired),
        SecurityTokenNotYetValidException => Refused("TOKEN_NOT_YET_VALID", "The token's `nbf` is in the future."),
        SecurityTokenNoExpirationException => Refused("TOKEN_WITHOUT_EXPIRY", "The token has no `exp`."),
        SecurityTokenInvalidAudienceException => Refused("TOKEN_AUDIENCE", "The token's `aud` is not this service."),
        SecurityTokenInvalidIssuerException => Refused("TOKEN_ISSUER", "The token's `iss` is not one trusted here."),
        SecurityTokenSignatureKeyNotFoundException => Refused("TOKEN_KEY_UNKNOWN", "No key known here has signed the token."),
        SecurityTokenInvalidSignatureException => Refused("TOKEN_SIGNATURE", "The token's signature does not fit."),
        SecurityTokenMalformedException or ArgumentException => Refused("TOKEN_MALFORMED", "The token is not a JSON Web Token."),
        SecurityTokenException or CryptographicException => Refused("TOKEN_INVALID", "The token is not valid."),
        // Not the token's fault: ours, to be seen as an error.
        _ => throw new InvalidOperationException("A token could not be judged.", fault),
    };

    private TokenVerdict ReadClaims(JsonWebToken token)
    {
        // Read strictly: the library would take the number 7 for the id "7".
        using var payload = JsonDocument.Parse(Base64UrlEncoder.DecodeBytes(token.EncodedPayload));
        if (StringOf(payload.RootElement, "sub") is not { Length: > 0 and <= 128 } subject)
        {
            return Refused("TOKEN_CLAIMS", "The token's `sub` must be a string of 1 to 128 characters.");
        }

        var name = StringOf(payload.RootElement, "role");
        var role = name switch { "driver" => Role.Driver, "rider" => Role.Rider, "ops" => Role.Ops, "service" => Role.Service, _ => Role.None };
        if (role == Role.None)
        {
            return Refused("TOKEN_CLAIMS", "The token's `role` must be driver, rider, ops or service.");
        }

        var ids = FrozenSet<string>.Empty;
        if (role is Role.Driver or Role.Rider)
        {
            if (!payload.RootElement.TryGetProperty("ids", out var named)
                || named.ValueKind != JsonValueKind.Array
                || named.GetArrayLength() is 0 or > MaxIds
                || named.EnumerateArray().Any(id => id.ValueKind != JsonValueKind.String))
            {
                return Refused("TOKEN_CLAIMS", $"The token's `ids` must be an array of 1 to {MaxIds} strings for the role {name}.");
            }

            ids = named.EnumerateArray().Select(id => id.GetString()!).ToFrozenSet();
        }

        var expiresAt = new DateTimeOffset(token.ValidTo);
        return new(
            new Caller(subject, role, ids, expiresAt > DateTimeOffset.MaxValue - _options.ClockSkew ? DateTimeOffset.MaxValue : expiresAt + _options.ClockSkew),
            null);
    }

    private static string? StringOf(JsonElement claims, string name) =>
        claims.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private bool JudgeLifetime(DateTime? notBefore, DateTime? expires, SecurityToken token, TokenValidationParameters parameters)
    {
        if (expires is null)
        {
            throw new SecurityTokenNoExpirationException();
        }

        var now = _clock.GetUtcNow().UtcDateTime;
        // Differences, not sums: a time near either end of the calendar must not overflow.
        if (now - expires >= _options.ClockSkew)
        {
            throw new SecurityTokenExpiredException();
        }

        if (notBefore - now > _options.ClockSkew)
        {
            throw new SecurityTokenNotYetValidException();
        }

        return true;
    }

    [LoggerMessage(LogLevel.Error, "The keys to check tokens with cannot be had: nobody gets in who is not known already")]
    private partial void LogNoKeys(Exception exception);
}
