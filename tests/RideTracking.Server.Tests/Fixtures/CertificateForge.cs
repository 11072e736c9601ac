using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace RideTracking.Server.Tests.Fixtures;

/// <summary>A root of its own, which signs certificates, and writes them as PEM into a folder of its own.</summary>
internal sealed class CertificateForge : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("certificates-");
    private readonly X509Certificate2 _root;
    private int _made;

    public CertificateForge()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=root", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        _root = request.CreateSelfSigned(Now.AddDays(-1), Now.AddDays(30));
        RootFile = Path("root.pem");
        File.WriteAllText(RootFile, _root.ExportCertificatePem());
    }

    public X509Certificate2 Root => _root;

    public string RootFile { get; }

    private static DateTimeOffset Now => TimeProvider.System.GetUtcNow();

    /// <summary>A file in the folder.</summary>
    public string Path(string name) => System.IO.Path.Combine(_folder.FullName, name);

    /// <summary>Signs a certificate for 127.0.0.1, or for a client.</summary>
    public X509Certificate2 Sign(string name, bool forClient = false)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(forClient ? "1.3.6.1.5.5.7.3.2" : "1.3.6.1.5.5.7.3.1")], false));
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        using var bare = request.Create(_root, Now.AddHours(-1), Now.AddDays(20), [1, (byte)Interlocked.Increment(ref _made)]);
        return bare.CopyWithPrivateKey(key);
    }

    /// <summary>Writes a certificate and its key beside each other.</summary>
    public (string Certificate, string Key) Write(X509Certificate2 certificate, string name)
    {
        File.WriteAllText(Path($"{name}.pem"), certificate.ExportCertificatePem());
        using var key = certificate.GetECDsaPrivateKey()!;
        File.WriteAllText(Path($"{name}.key"), key.ExportPkcs8PrivateKeyPem());
        return (Path($"{name}.pem"), Path($"{name}.key"));
    }

    public void Dispose()
    {
        _root.Dispose();
        _folder.Delete(recursive: true);
    }
}
