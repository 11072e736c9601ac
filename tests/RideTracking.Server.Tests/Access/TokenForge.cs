using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace RideTracking.Server.Tests.Access;

/// <summary>An issuer of the test's own: makes good tokens and every kind of bad one.</summary>
internal sealed class TokenForge : IDisposable
{
    public const string Issuer = "https://issuer.test";
    public const string Audience = "ride-tracking";

    private readonly ECDsa _ec = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly RSA _rsa = RSA.Create(2048);

    public TokenForge(string kid = "ec")
    {
        EcKey = new ECDsaSecurityKey(_ec) { KeyId = kid };
        RsaKey = new RsaSecurityKey(_rsa) { KeyId = kid + "-rsa" };
    }

    public ECDsaSecurityKey EcKey { get; }

    public RsaSecurityKey RsaKey { get; }

    /// <summary>The public keys as an issuer publishes them.</summary>
    public string KeySet
    {
        get
        {
            var ec = _ec.ExportParameters(false).Q;
            var rsa = _rsa.ExportParameters(false);
            return JsonSerializer.Serialize(new
            {
                keys = new object[]
                {
                    new { kty = "EC", use = "sig", alg = "ES256", crv = "P-256", kid = EcKey.KeyId, x = Base64UrlEncoder.Encode(ec.X), y = Base64UrlEncoder.Encode(ec.Y) },
                    new { kty = "RSA", use = "sig", alg = "RS256", kid = RsaKey.KeyId, n = Base64UrlEncoder.Encode(rsa.Modulus), e = Base64UrlEncoder.Encode(rsa.Exponent) },
                },
            });
        }
    }

    public string Sign(
        DateTimeOffset now,
        string? role = "driver",
        object? ids = null,
        string? subject = "somebody",
        string issuer = Issuer,
        string audience = Audience,
        TimeSpan? lifetime = null,
        TimeSpan? startsIn = null,
        SigningCredentials? with = null)
    {
        var claims = new Dictionary<string, object>
        {
            ["iss"] = issuer,
            ["aud"] = audience,
            ["exp"] = (now + (lifetime ?? TimeSpan.FromHours(1))).ToUnixTimeSeconds(),
        };
        if (startsIn is { } later)
        {
            claims["nbf"] = (now + later).ToUnixTimeSeconds();
        }

        if (subject is not null)
        {
            claims["sub"] = subject;
        }

        if (role is not null)
        {
            claims["role"] = role;
        }

        if (ids is not null)
        {
            claims["ids"] = ids;
        }

        return SignClaims(claims, with);
    }

    public string SignClaims(Dictionary<string, object> claims, SigningCredentials? with = null) =>
        new JsonWebTokenHandler { SetDefaultTimesOnTokenCreation = false }.CreateToken(
            JsonSerializer.Serialize(claims), with ?? new SigningCredentials(EcKey, SecurityAlgorithms.EcdsaSha256));

    /// <summary>The same claims, signed by nobody.</summary>
    public static string WithoutSignature(string token) =>
        $"{Base64UrlEncoder.Encode("""{"alg":"none","typ":"JWT"}""")}.{token.Split('.')[1]}.";

    /// <summary>The same claims but for one changed letter, under the old signature.</summary>
    public static string Tampered(string token)
    {
        var parts = token.Split('.');
        var claims = Base64UrlEncoder.Decode(parts[1]).Replace("\"role\":\"", "\"role\":\"x", StringComparison.Ordinal);
        return $"{parts[0]}.{Base64UrlEncoder.Encode(claims)}.{parts[2]}";
    }

    /// <summary>The known trick: the issuer's public key taken for an HMAC secret.</summary>
    public string SignWithPublicKeyAsSecret(string token)
    {
        var secret = new SymmetricSecurityKey(Encoding.UTF8.GetBytes(_ec.ExportSubjectPublicKeyInfoPem())) { KeyId = EcKey.KeyId };
        return SignClaims(
            JsonSerializer.Deserialize<Dictionary<string, object>>(Base64UrlEncoder.Decode(token.Split('.')[1]))!,
            new SigningCredentials(secret, SecurityAlgorithms.HmacSha256));
    }

    public void Dispose()
    {
        _ec.Dispose();
        _rsa.Dispose();
    }
}
