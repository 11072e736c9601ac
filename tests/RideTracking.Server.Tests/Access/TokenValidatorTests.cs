using CsCheck;
using Google.Rpc;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using Microsoft.IdentityModel.Protocols;
using Microsoft.IdentityModel.Protocols.OpenIdConnect;
using Microsoft.IdentityModel.Tokens;
using RideTracking.Server.Access;

namespace RideTracking.Server.Tests.Access;

public sealed class TokenValidatorTests : IDisposable
{
    private readonly FakeTimeProvider _clock = new(new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero));
    private readonly AccessOptions _options = new() { Issuer = TokenForge.Issuer };
    private readonly TokenForge _issuer = new();
    private readonly SwitchedKeys _keys;
    private readonly TokenValidator _validator;

    public TokenValidatorTests()
    {
        _keys = new SwitchedKeys { Set = _issuer.KeySet };
        _validator = new TokenValidator(Options.Create(_options), _keys.Manager, _clock, NullLogger<TokenValidator>.Instance);
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private DateTimeOffset Now => _clock.GetUtcNow();

    public void Dispose() => _issuer.Dispose();

    [Fact]
    public async Task A_good_token_tells_who_calls()
    {
        var caller = await AcceptedAsync(_issuer.Sign(Now, "driver", (string[])["d1", "d2"], "account-7"));
        Assert.Equal("account-7", caller.Subject);
        Assert.Equal(Role.Driver, caller.Role);
        Assert.True(caller.MayActForDriver("d1"));
        Assert.True(caller.MayActForDriver("d2"));
        Assert.False(caller.MayActForDriver("d3"));
        Assert.False(caller.MayActForRider("d1"));
        Assert.Equal(Now + TimeSpan.FromHours(1) + _options.ClockSkew, caller.ExpiresAt);
    }

    [Fact]
    public async Task The_ids_of_ops_and_service_mean_nothing_and_service_acts_for_all()
    {
        var ops = await AcceptedAsync(_issuer.Sign(Now, "ops", (string[])["d1"]));
        Assert.Equal(Role.Ops, ops.Role);
        Assert.False(ops.MayActForDriver("d1"));
        Assert.False(ops.MayActForRider("d1"));

        var service = await AcceptedAsync(_issuer.Sign(Now, "service"));
        Assert.True(service.MayActForDriver("anybody"));
        Assert.True(service.MayActForRider("anybody"));
    }

    [Fact]
    public async Task Both_algorithms_count()
    {
        await AcceptedAsync(_issuer.Sign(Now, "ops", with: new SigningCredentials(_issuer.EcKey, SecurityAlgorithms.EcdsaSha256)));
        await AcceptedAsync(_issuer.Sign(Now, "ops", with: new SigningCredentials(_issuer.RsaKey, SecurityAlgorithms.RsaSha256)));
    }

    [Fact]
    public async Task Forged_tokens_are_refused()
    {
        var good = _issuer.Sign(Now, "ops");
        await AcceptedAsync(good);
        using var sameName = new TokenForge();
        using var stranger = new TokenForge("stranger");
        await RefusedAsync("TOKEN_SIGNATURE", sameName.Sign(Now, "ops"));
        await RefusedAsync("TOKEN_KEY_UNKNOWN", stranger.Sign(Now, "ops"));
        await RefusedAsync("TOKEN_SIGNATURE", TokenForge.Tampered(good));
        await RefusedAsync("TOKEN_ALGORITHM", TokenForge.WithoutSignature(good));
        await RefusedAsync("TOKEN_ALGORITHM", _issuer.SignWithPublicKeyAsSecret(good));
        await RefusedAsync("TOKEN_ALGORITHM", _issuer.Sign(Now, "ops", with: new SigningCredentials(_issuer.RsaKey, SecurityAlgorithms.RsaSha512)));
    }

    [Fact]
    public async Task Tokens_for_others_or_from_others_are_refused()
    {
        await RefusedAsync("TOKEN_AUDIENCE", _issuer.Sign(Now, "ops", audience: "payments"));
        await RefusedAsync("TOKEN_ISSUER", _issuer.Sign(Now, "ops", issuer: "https://elsewhere.test"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("x")]
    [InlineData("a.b.c")]
    [InlineData("eyJhbGciOiJFUzI1NiJ9.e30.")]
    [InlineData("..")]
    [InlineData("Ω.Ω.Ω")]
    public async Task Garbage_is_refused(string token)
    {
        var verdict = await _validator.ValidateAsync(token, Cancel);
        Assert.Null(verdict.Caller);
        Assert.Equal((int)Code.Unauthenticated, verdict.Refusal!.Code);
    }

    [Fact]
    public async Task No_change_of_any_letter_of_a_good_token_gets_through_or_upsets_the_validator() =>
        await Gen.Select(Gen.Int[0, 10_000], Gen.Char.AlphaNumeric, Gen.Bool).SampleAsync(
            async (at, letter, signatureToo) =>
            {
                var token = _issuer.Sign(Now, "ops");
                // The last letter of a part may hold bits that mean nothing.
                var place = at % (signatureToo ? token.Length - 1 : token.LastIndexOf('.'));
                var changed = $"{token[..place]}{letter}{token[(place + 1)..]}";
                var verdict = await _validator.ValidateAsync(changed, Cancel);
                return verdict.Caller is null || changed == token;
            },
            iter: 2_000);

    [Fact]
    public async Task A_token_too_long_to_be_one_is_not_even_parsed() =>
        await RefusedAsync("TOKEN_TOO_LONG", new string('a', TokenValidator.MaxTokenLength + 1));

    [Fact]
    public async Task Claims_that_say_nothing_clear_are_refused()
    {
        await RefusedAsync("TOKEN_CLAIMS", _issuer.Sign(Now, role: null));
        await RefusedAsync("TOKEN_CLAIMS", _issuer.Sign(Now, role: "admin"));
        await RefusedAsync("TOKEN_CLAIMS", _issuer.Sign(Now, role: "None"));
        await RefusedAsync("TOKEN_CLAIMS", _issuer.Sign(Now, role: "Driver", ids: (string[])["d1"]));
        await RefusedAsync("TOKEN_CLAIMS", _issuer.Sign(Now, "ops", subject: null));
        await RefusedAsync("TOKEN_CLAIMS", _issuer.Sign(Now, "ops", subject: new string('s', 129)));
        await RefusedAsync("TOKEN_CLAIMS", _issuer.Sign(Now, "driver"));
        await RefusedAsync("TOKEN_CLAIMS", _issuer.Sign(Now, "driver", Array.Empty<string>()));
        await RefusedAsync("TOKEN_CLAIMS", _issuer.Sign(Now, "driver", 7));
        await RefusedAsync("TOKEN_CLAIMS", _issuer.Sign(Now, "driver", new { a = "d1" }));
        await RefusedAsync("TOKEN_CLAIMS", _issuer.Sign(Now, "rider", Enumerable.Range(0, TokenValidator.MaxIds + 1).Select(i => $"r{i}").ToArray()));
    }

    [Fact]
    public async Task Times_are_judged_with_the_tolerated_skew_and_no_more()
    {
        var skew = _options.ClockSkew;
        await AcceptedAsync(_issuer.Sign(Now, "ops", lifetime: -skew + TimeSpan.FromSeconds(1)));
        await RefusedAsync("TOKEN_EXPIRED", _issuer.Sign(Now, "ops", lifetime: -skew));
        await AcceptedAsync(_issuer.Sign(Now, "ops", startsIn: skew));
        await RefusedAsync("TOKEN_NOT_YET_VALID", _issuer.Sign(Now, "ops", startsIn: skew + TimeSpan.FromSeconds(1)));
        await AcceptedAsync(_issuer.SignClaims(Claims(exp: long.MaxValue)));
        await RefusedAsync("TOKEN_EXPIRED", _issuer.SignClaims(Claims(exp: 0)));
        await RefusedAsync("TOKEN_WITHOUT_EXPIRY", _issuer.SignClaims(Claims(exp: null)));

        static Dictionary<string, object> Claims(long? exp)
        {
            var claims = new Dictionary<string, object> { ["iss"] = TokenForge.Issuer, ["aud"] = TokenForge.Audience, ["sub"] = "s", ["role"] = "ops" };
            if (exp is { } at)
            {
                claims["exp"] = at;
            }

            return claims;
        }
    }

    [Fact]
    public async Task The_cache_does_not_outlive_the_token()
    {
        _options.RecheckInterval = TimeSpan.FromDays(1);
        var token = _issuer.Sign(Now, "ops", lifetime: TimeSpan.FromMinutes(10));
        var first = await AcceptedAsync(token);
        _clock.Advance(TimeSpan.FromMinutes(10));
        Assert.Same(first, await AcceptedAsync(token));
        _clock.Advance(_options.ClockSkew);
        await RefusedAsync("TOKEN_EXPIRED", token);
    }

    [Fact]
    public async Task A_withdrawn_key_is_believed_no_longer_than_the_recheck_interval()
    {
        var token = _issuer.Sign(Now, "ops", lifetime: TimeSpan.FromDays(2));
        await AcceptedAsync(token);
        using var next = new TokenForge("next");
        _keys.Set = next.KeySet;
        await _keys.RefreshAsync();
        await AcceptedAsync(token);
        _clock.Advance(_options.RecheckInterval);
        await RefusedAsync("TOKEN_KEY_UNKNOWN", token);
        await AcceptedAsync(next.Sign(Now, "ops"));
    }

    [Fact]
    public async Task Without_keys_the_answer_is_not_that_the_token_is_bad()
    {
        _keys.Set = null;
        var verdict = await new TokenValidator(Options.Create(_options), _keys.Manager, _clock, NullLogger<TokenValidator>.Instance).ValidateAsync(_issuer.Sign(Now, "ops"), Cancel);
        Assert.Equal((int)Code.Unavailable, verdict.Refusal!.Code);
        Assert.Contains(verdict.Refusal.Details, detail => detail.Is(RetryInfo.Descriptor));
    }

    [Fact]
    public async Task A_full_cache_forgets_the_oldest_and_goes_on()
    {
        _options.CachedTokens = 10;
        var validator = new TokenValidator(Options.Create(_options), _keys.Manager, _clock, NullLogger<TokenValidator>.Instance);
        var tokens = Enumerable.Range(0, 100).Select(i => _issuer.Sign(Now, "ops", subject: $"s{i}")).ToList();
        var callers = new List<Caller>();
        foreach (var token in tokens)
        {
            callers.Add((await validator.ValidateAsync(token, Cancel)).Caller!);
        }

        Assert.Same(callers[99], (await validator.ValidateAsync(tokens[99], Cancel)).Caller);
        var again = (await validator.ValidateAsync(tokens[0], Cancel)).Caller;
        Assert.NotSame(callers[0], again);
        Assert.Equal("s0", again!.Subject);
    }

    [Fact]
    public void A_stream_is_cancelled_the_moment_its_token_ends()
    {
        using var soon = _validator.CancelAtExpiry(new Caller("s", Role.Ops, [], Now + TimeSpan.FromMinutes(5)));
        using var past = _validator.CancelAtExpiry(new Caller("s", Role.Ops, [], Now - TimeSpan.FromMinutes(5)));
        using var never = _validator.CancelAtExpiry(new Caller("s", Role.Ops, [], DateTimeOffset.MaxValue));
        _clock.Advance(TimeSpan.FromMinutes(5) - TimeSpan.FromMilliseconds(1));
        Assert.False(soon.IsCancellationRequested);
        _clock.Advance(TimeSpan.FromMilliseconds(1));
        Assert.True(soon.IsCancellationRequested);
        Assert.True(past.IsCancellationRequested);
        Assert.False(never.IsCancellationRequested);
    }

    private async Task<Caller> AcceptedAsync(string token)
    {
        var verdict = await _validator.ValidateAsync(token, Cancel);
        Assert.True(verdict.Caller is not null, verdict.Refusal?.ToString());
        return verdict.Caller;
    }

    private async Task RefusedAsync(string reason, string token)
    {
        var verdict = await _validator.ValidateAsync(token, Cancel);
        Assert.Null(verdict.Caller);
        Assert.Equal((int)Code.Unauthenticated, verdict.Refusal!.Code);
        var info = verdict.Refusal.Details.Single(detail => detail.Is(ErrorInfo.Descriptor)).Unpack<ErrorInfo>();
        Assert.Equal((reason, "ride-tracking"), (info.Reason, info.Domain));
    }

    /// <summary>The library's own manager over a key set that the test switches.</summary>
    private sealed class SwitchedKeys : IDocumentRetriever
    {
        public SwitchedKeys() => Manager = new("keys", new JwksFileRetriever(TokenForge.Issuer), this) { UseLastKnownGoodConfiguration = false };

        public string? Set { get; set; }

        public ConfigurationManager<OpenIdConnectConfiguration> Manager { get; }

        public Task<string> GetDocumentAsync(string address, CancellationToken cancel) =>
            Set is null ? throw new IOException("The issuer is away.") : Task.FromResult(Set);

        public async Task RefreshAsync()
        {
            var before = await Manager.GetConfigurationAsync();
            Manager.RequestRefresh();
            // The library reads in the background.
            while (ReferenceEquals(await Manager.GetConfigurationAsync(), before))
            {
                await Task.Yield();
            }
        }
    }
}
