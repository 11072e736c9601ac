using System.Security.Cryptography;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Protocols.OpenIdConnect;
using Microsoft.IdentityModel.Tokens;
using RideTracking.Server.Hosting;

namespace RideTracking.Server.Access;

/// <summary>
/// An ES256 key in the data folder, made at first use, that signs tokens for work on this machine. Only a server in
/// development believes it.
/// </summary>
public sealed class DevelopmentKey : IDisposable
{
    /// <summary>The <c>iss</c> of its tokens.</summary>
    public const string Issuer = "ride-tracking-development";

    /// <summary>The key's file in the data folder.</summary>
    public const string FileName = "dev-signing-key.pem";

    private readonly ECDsa _key;
    private readonly ECDsaSecurityKey _securityKey;
    private readonly string _audience;
    private readonly TimeProvider _clock;

    private DevelopmentKey(ECDsa key, string audience, TimeProvider clock)
    {
        _key = key;
        // Not the process-wide cache: it would keep this key's handle after Dispose and hand it to the next server in the process.
        _securityKey = new ECDsaSecurityKey(key) { CryptoProviderFactory = new CryptoProviderFactory { CacheSignatureProviders = false } };
        _securityKey.KeyId = Base64UrlEncoder.Encode(_securityKey.ComputeJwkThumbprint());
        _audience = audience;
        _clock = clock;
    }

    /// <summary>Reads the key, or makes it with mode 0600. Two processes that start at once end with the same key.</summary>
    /// <exception cref="StartException">It can be neither read nor made.</exception>
    public static DevelopmentKey Open(string folder, string audience, TimeProvider clock)
    {
        var path = Path.Combine(folder, FileName);
        var pem = DataFolder.Use(folder, () => ReadOrMake(path));
        var key = ECDsa.Create();
        try
        {
            key.ImportFromPem(pem);
        }
        catch (Exception e) when (e is ArgumentException or CryptographicException)
        {
            key.Dispose();
            throw new StartException($"The development key {path} is damaged. Delete it, and another is made; tokens signed with it end.", e);
        }

        return new DevelopmentKey(key, audience, clock);
    }

    /// <summary>What a validator needs to believe the key.</summary>
    public OpenIdConnectConfiguration Configuration
    {
        get
        {
            var configuration = new OpenIdConnectConfiguration { Issuer = Issuer };
            configuration.SigningKeys.Add(_securityKey);
            return configuration;
        }
    }

    /// <summary>Signs a token.</summary>
    /// <param name="role">One role.</param>
    /// <param name="ids">The first is the subject as well; at least one.</param>
    /// <param name="lifetime">From now, by the real clock.</param>
    public DevelopmentToken Sign(Role role, IReadOnlyList<string> ids, TimeSpan lifetime)
    {
        var now = _clock.GetUtcNow();
        var expiresAt = now + lifetime;
        var claims = new Dictionary<string, object>
        {
            ["sub"] = ids[0],
            ["role"] = NameOf(role),
        };
        if (role is Role.Driver or Role.Rider)
        {
            claims["ids"] = ids.ToArray();
        }

        var token = new JsonWebTokenHandler().CreateToken(new SecurityTokenDescriptor
        {
            Issuer = Issuer,
            Audience = _audience,
            IssuedAt = now.UtcDateTime,
            NotBefore = now.UtcDateTime,
            Expires = expiresAt.UtcDateTime,
            Claims = claims,
            SigningCredentials = new SigningCredentials(_securityKey, SecurityAlgorithms.EcdsaSha256),
        });
        return new DevelopmentToken(token, expiresAt);
    }

    /// <inheritdoc/>
    public void Dispose() => _key.Dispose();

    private static string ReadOrMake(string path)
    {
        using (MachineLock.Take(path))
        {
            if (!File.Exists(path))
            {
                using var made = ECDsa.Create(ECCurve.NamedCurves.nistP256);
                SecretFile.Write(path, made.ExportPkcs8PrivateKeyPem());
            }
        }

        return File.ReadAllText(path);
    }

    private static string NameOf(Role role) => role switch
    {
        Role.Driver => "driver",
        Role.Rider => "rider",
        Role.Ops => "ops",
        Role.Service => "service",
        _ => throw new ArgumentOutOfRangeException(nameof(role), role, "One of driver, rider, ops, service."),
    };
}

/// <summary>A token of the development key.</summary>
public readonly record struct DevelopmentToken(string Token, DateTimeOffset ExpiresAt);
