using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace RideTracking.Server.Tests.Storage;

/// <summary>An authority of the test's own, and the certificates that it issues, as files (PEM).</summary>
internal sealed class TlsFiles : IDisposable
{
    private static readonly Oid ServerUse = new("1.3.6.1.5.5.7.3.1");
    private static readonly Oid ClientUse = new("1.3.6.1.5.5.7.3.2");

    private readonly string _folder = Directory.CreateTempSubdirectory("tls-").FullName;
    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly X509Certificate2 _authority;

    public TlsFiles()
    {
        var request = new CertificateRequest("CN=an authority", _key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        _authority = request.CreateSelfSigned(Now.AddHours(-1), Now.AddDays(1));
        File.WriteAllText(Authority, _authority.ExportCertificatePem());
        Issue("redis", ServerUse, names => names.AddIpAddress(IPAddress.Loopback));
        Issue("named", ServerUse, names => names.AddDnsName("redis.example"));
        Issue("server", ClientUse, names => names.AddDnsName("ride-tracking"));
    }

    /// <summary>Who has issued all of them.</summary>
    public string Authority => Path.Combine(_folder, "ca.pem");

    private static DateTimeOffset Now => TimeProvider.System.GetUtcNow();

    /// <summary>One's certificate.</summary>
    public string Certificate(string of) => Path.Combine(_folder, of + ".pem");

    /// <summary>One's key.</summary>
    public string Key(string of) => Path.Combine(_folder, of + ".key");

    /// <summary>Settings of a redis-server that speaks TLS alone, and asks everybody for a certificate.</summary>
    public string[] Settings(int port, string of = "redis") =>
        ["--port", "0", "--tls-port", $"{port}", "--tls-cert-file", Certificate(of), "--tls-key-file", Key(of), "--tls-ca-cert-file", Authority, "--appendonly", "yes"];

    /// <summary>Settings of a server that knows the authority and has a certificate.</summary>
    public string[] ServerSettings(string redis) =>
        ["--redis", $"{redis},ssl=true", "--Store:RedisCaFile", Authority, "--Store:RedisCertificateFile", Certificate("server"), "--Store:RedisKeyFile", Key("server")];

    public void Dispose()
    {
        _authority.Dispose();
        _key.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private void Issue(string name, Oid use, Action<SubjectAlternativeNameBuilder> addNames)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([use], true));
        var names = new SubjectAlternativeNameBuilder();
        addNames(names);
        request.CertificateExtensions.Add(names.Build());
        using var issued = request.Create(_authority, Now.AddMinutes(-30), Now.AddHours(20), RandomNumberGenerator.GetBytes(8));
        File.WriteAllText(Certificate(name), issued.ExportCertificatePem());
        File.WriteAllText(Key(name), key.ExportPkcs8PrivateKeyPem());
    }
}
