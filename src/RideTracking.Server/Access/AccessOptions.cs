namespace RideTracking.Server.Access;

/// <summary>
/// How tokens are checked: configuration section <c>Access</c>. Tokens are JWTs with the claims <c>iss</c>, <c>aud</c>,
/// <c>exp</c>, <c>sub</c>, <c>role</c> (<c>driver</c>, <c>rider</c>, <c>ops</c> or <c>service</c>) and, for drivers and
/// riders, <c>ids</c>: an array of the ids they may act for.
/// </summary>
public sealed class AccessOptions
{
    /// <summary>The configuration section.</summary>
    public const string Section = "Access";

    /// <summary>A JSON Web Key Set with the public keys (EC P-256 or RSA). Read again on a timer and when a token names an unknown key.</summary>
    public string? JwksFile { get; set; }

    /// <summary>URL of an OpenID Connect issuer; keys and issuer come from its discovery document, and are refreshed like a file's.</summary>
    public string? Authority { get; set; }

    /// <summary>The <c>iss</c> that tokens must carry. Needed with <see cref="JwksFile"/>; an authority tells its own.</summary>
    public string? Issuer { get; set; }

    /// <summary>The <c>aud</c> that tokens must carry.</summary>
    public string Audience { get; set; } = "ride-tracking";

    /// <summary>How far the issuer's clock may be from this machine's; 0 to 5 minutes.</summary>
    public TimeSpan ClockSkew { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How often keys are read again without cause; 5 minutes to 1 day.</summary>
    public TimeSpan KeysRefreshInterval { get; set; } = TimeSpan.FromMinutes(15);

    /// <summary>
    /// How long a validated token is trusted before its signature is checked again: the longest that a token outlives
    /// the withdrawal of its key. At most 1 day.
    /// </summary>
    public TimeSpan RecheckInterval { get; set; } = TimeSpan.FromMinutes(15);

    /// <summary>Validated tokens kept in memory, in each of two generations; 1,000 to 10 million, about 0.5 kB each.</summary>
    public int CachedTokens { get; set; } = 100_000;
}
