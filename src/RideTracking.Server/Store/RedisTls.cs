using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace RideTracking.Server.Store;

/// <summary>
/// How a Redis proves that it is the one, and this server who it is. Files are read again for each connection: certificates that are replaced are
/// used from the next one on. Thread-safe.
/// </summary>
/// <param name="options">Names the files.</param>
/// <param name="protocols">Which versions of TLS; null for those of the system.</param>
/// <param name="checksRevocation">Whether who has issued a certificate is asked if it was revoked. A company's own authority is not.</param>
/// <param name="logger">Told why a certificate is not accepted.</param>
internal sealed partial class RedisTls(StoreOptions options, SslProtocols? protocols, bool checksRevocation, ILogger logger)
{
    private volatile string? _told;

    /// <summary>For one connection.</summary>
    /// <param name="host">Must be among the names of its certificate.</param>
    /// <exception cref="CryptographicException">A file does not hold what it should.</exception>
    /// <exception cref="IOException">A file cannot be read.</exception>
    public SslClientAuthenticationOptions OptionsFor(string host) => new()
    {
        TargetHost = host,
        EnabledSslProtocols = protocols ?? SslProtocols.None,
        CertificateRevocationCheckMode = checksRevocation ? X509RevocationMode.Online : X509RevocationMode.NoCheck,
        CertificateChainPolicy = options.RedisCaFile.Length == 0 ? null : TrustIn(options.RedisCaFile),
        ClientCertificateContext = options.RedisCertificateFile.Length == 0 ? null : Own(options.RedisCertificateFile, options.RedisKeyFile),
        RemoteCertificateValidationCallback = (_, certificate, chain, errors) => Accepts(host, certificate, chain, errors),
    };

    /// <summary>Those who may issue a Redis's certificate, and nobody else.</summary>
    /// <inheritdoc cref="OptionsFor"/>
    public static X509ChainPolicy TrustIn(string caFile)
    {
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        policy.CustomTrustStore.ImportFromPemFile(caFile);
        return policy.CustomTrustStore.Count > 0 ? policy : throw new CryptographicException($"There is no certificate in {caFile}.");
    }

    /// <summary>This server's own certificate, with those that stand behind it in the file.</summary>
    /// <inheritdoc cref="OptionsFor"/>
    public static SslStreamCertificateContext Own(string certificateFile, string keyFile)
    {
        var own = X509Certificate2.CreateFromPemFile(certificateFile, keyFile.Length == 0 ? null : keyFile);
        X509Certificate2Collection chain = [];
        chain.ImportFromPemFile(certificateFile);
        return SslStreamCertificateContext.Create(own, chain, offline: true);
    }

    private bool Accepts(string host, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        if (errors == SslPolicyErrors.None)
        {
            return true;
        }

        var why = errors.HasFlag(SslPolicyErrors.RemoteCertificateNameMismatch)
            ? "it is not for that name. Name the host as the certificate does, or that name by sslHost= in Store:Redis"
            : $"{string.Join(", ", chain?.ChainStatus.Select(status => status.StatusInformation.Trim().TrimEnd('.')).Distinct() ?? [])}. Name the certificate of who has issued it in Store:RedisCaFile";
        // Each connection is tried again and again.
        if (_told != why)
        {
            _told = why;
            LogRefused(host, certificate?.Subject ?? "none", why);
        }

        return false;
    }

    [LoggerMessage(LogLevel.Warning, "The certificate of the store at {Host} ({Subject}) is not accepted: {Why}")]
    private partial void LogRefused(string host, string subject, string why);
}
