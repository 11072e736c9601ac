using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace RideTracking.Deploy.Tests.Edges;

/// <summary>The certificate of a balancer on this machine, which the test's clients trust and nobody else.</summary>
internal sealed class EdgeCertificate : IDisposable
{
    private readonly X509Certificate2 _certificate;

    private EdgeCertificate(X509Certificate2 certificate) => _certificate = certificate;

    /// <summary>Makes it, and writes it with its key as balancers read it.</summary>
    public static EdgeCertificate Make(string file)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        var now = TimeProvider.System.GetUtcNow();
        var certificate = request.CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllText(file, certificate.ExportCertificatePem() + "\n" + key.ExportPkcs8PrivateKeyPem() + "\n");
        return new EdgeCertificate(certificate);
    }

    /// <summary>What clients hold against the edge's.</summary>
    public X509ChainPolicy Policy
    {
        get
        {
            var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
            policy.CustomTrustStore.Add(_certificate);
            return policy;
        }
    }

    public void Dispose() => _certificate.Dispose();
}
