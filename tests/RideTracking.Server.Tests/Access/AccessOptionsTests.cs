using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Hosting.Internal;
using RideTracking.Server.Access;

namespace RideTracking.Server.Tests.Access;

public sealed class AccessOptionsTests : IDisposable
{
    private readonly string _keySet = Path.GetTempFileName();

    public AccessOptionsTests()
    {
        using var issuer = new TokenForge();
        File.WriteAllText(_keySet, issuer.KeySet);
    }

    public void Dispose() => File.Delete(_keySet);

    [Fact]
    public void Production_without_keys_does_not_start_and_says_what_to_set() =>
        Assert.Equal(
            "Access: there are no keys to check tokens with. Set Access:JwksFile to a JSON Web Key Set file or "
            + "Access:Authority to the URL of an OpenID Connect issuer (environment variables Access__JwksFile, "
            + "Access__Authority), or start with --environment Development to use a key made on this machine.",
            Faults(new()));

    [Fact]
    public void Development_needs_nothing() => Assert.Equal("", Faults(new(), Environments.Development));

    [Fact]
    public void Good_settings_have_no_fault()
    {
        Assert.Equal("", Faults(new() { JwksFile = _keySet, Issuer = "https://issuer.test" }));
        Assert.Equal("", Faults(new() { Authority = "https://issuer.test/realms/rides" }));
    }

    [Fact]
    public void Each_fault_names_the_setting_and_the_way_out()
    {
        Assert.Equal(
            "Access: both Access:JwksFile and Access:Authority are set. Remove one, so that it is plain which keys count.",
            Faults(new() { JwksFile = _keySet, Issuer = "i", Authority = "https://issuer.test" }));
        Assert.Equal(
            "Access:Issuer is empty. With Access:JwksFile, set it to the `iss` of your tokens.",
            Faults(new() { JwksFile = _keySet }));
        Assert.Equal(
            "Access:Authority is \"http://issuer.test\". Set it to an absolute https URL (http only in development), such as https://login.example.com/realms/rides.",
            Faults(new() { Authority = "http://issuer.test" }));
        Assert.Equal(
            "Access:Audience is empty. Set it to the `aud` of your tokens; without one, tokens made for other services would count here.",
            Faults(new() { Authority = "https://issuer.test", Audience = "" }));
        Assert.Equal(
            "Access:ClockSkew is 00:06:00. Set it between 00:00:00 and 00:05:00.",
            Faults(new() { Authority = "https://issuer.test", ClockSkew = TimeSpan.FromMinutes(6) }));
        Assert.Equal(
            "Access:KeysRefreshInterval is 00:00:01. Set it between 00:05:00 and 1.00:00:00.",
            Faults(new() { Authority = "https://issuer.test", KeysRefreshInterval = TimeSpan.FromSeconds(1) }));
        Assert.Equal(
            "Access:RecheckInterval is 00:00:00. Set it above 00:00:00 and at most 1.00:00:00.",
            Faults(new() { Authority = "https://issuer.test", RecheckInterval = TimeSpan.Zero }));
        Assert.Equal(
            "Access:CachedTokens is 0. Set it between 1000 and 10000000.",
            Faults(new() { Authority = "https://issuer.test", CachedTokens = 0 }));
    }

    [Theory]
    [InlineData("not json")]
    [InlineData("""{"keys":[]}""")]
    [InlineData("""{"keys":[{"kty":"oct","k":"AAAA","kid":"secret"}]}""")]
    public void A_key_set_without_public_keys_is_told_at_start(string text)
    {
        File.WriteAllText(_keySet, text);
        Assert.StartsWith($"Access:JwksFile \"{_keySet}\" ", Faults(new() { JwksFile = _keySet, Issuer = "i" }), StringComparison.Ordinal);
    }

    [Fact]
    public void A_missing_key_set_is_told_at_start() =>
        Assert.StartsWith("Access:JwksFile \"/nowhere/keys.json\" cannot be read: ", Faults(new() { JwksFile = "/nowhere/keys.json", Issuer = "i" }), StringComparison.Ordinal);

    private static string Faults(AccessOptions options, string? environment = null) =>
        new AccessOptionsValidator(new HostingEnvironment { EnvironmentName = environment ?? Environments.Production })
            .Validate(null, options).FailureMessage ?? "";
}
