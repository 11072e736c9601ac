using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Options;

namespace RideTracking.Server.Hosting;

/// <summary>
/// The certificate that new connections are opened with, read at the start and again when its files change. One that cannot be read, or
/// that is half replaced, is told, and the one before stays. Thread-safe.
/// </summary>
internal sealed partial class TlsCertificates
{
    private const string ClientAuthentication = "1.3.6.1.5.5.7.3.2";

    private readonly TlsOptions _options;
    private readonly TimeProvider _clock;
    private readonly ILogger<TlsCertificates> _logger;
    private volatile Read _current;
    private string? _toldFault;

    /// <summary>Made once, by <c>AddListening</c>.</summary>
    /// <exception cref="StartException">There is none that can be used.</exception>
    public TlsCertificates(IOptions<ListenOptions> options, [FromKeyedServices(Clock.MachineClock)] TimeProvider clock, Troubles troubles, ILogger<TlsCertificates> logger)
    {
        (_options, _clock, _logger) = (options.Value.Tls, clock, logger);
        try
        {
            _current = Read.From(_options);
        }
        catch (Exception e) when (IsUnusable(e))
        {
            throw new StartException($"The certificate of Listen:Tls cannot be used: {e.Message.TrimEnd('.')}. Give a PEM file with the certificate, and one with its private key.", e);
        }

        troubles.Watch("certificate", () => Remaining <= TimeSpan.Zero ? new Trouble($"ended at {_current.EndsAt:u}: replace its files (Listen:Tls)") : null);
        if (Remaining <= TimeSpan.Zero)
        {
            LogEnded(_current.EndsAt);
        }
    }

    /// <summary>What a connection is opened with now.</summary>
    public SslServerAuthenticationOptions Options => _current.Options;

    /// <summary>Until it ends; below zero it has.</summary>
    public TimeSpan Remaining => _current.EndsAt - _clock.GetUtcNow();

    /// <summary>Reads the files again, and takes what is in them if it is another certificate, or other roots, than before.</summary>
    public void Renew()
    {
        try
        {
            var read = Read.From(_options);
            if (read.Text != _current.Text)
            {
                _current = read;
                LogRenewed(read.EndsAt);
            }

            _toldFault = null;
        }
        catch (Exception e) when (IsUnusable(e))
        {
            if (_toldFault != e.Message)
            {
                LogUnusable(_current.EndsAt, e.Message);
                _toldFault = e.Message;
            }
        }
    }

    private static bool IsUnusable(Exception e) => e is IOException or UnauthorizedAccessException or CryptographicException or ArgumentException;

    [LoggerMessage(LogLevel.Information, "New connections are opened with another certificate, which ends at {EndsAt:u}")]
    private partial void LogRenewed(DateTimeOffset endsAt);

    [LoggerMessage(LogLevel.Warning, "The certificate that is in place of the one that ends at {EndsAt:u} cannot be used, and that one stays: {Fault}")]
    private partial void LogUnusable(DateTimeOffset endsAt, string fault);

    [LoggerMessage(LogLevel.Warning, "The certificate of Listen:Tls has ended at {EndsAt:u}: clients that check it do not connect. Replace its files; a restart is not needed")]
    private partial void LogEnded(DateTimeOffset endsAt);

    /// <summary>What was read at one time.</summary>
    private sealed record Read(string Text, SslServerAuthenticationOptions Options, DateTimeOffset EndsAt)
    {
        public static Read From(TlsOptions options)
        {
            var certificate = TextOf(options.CertificateFile, options.Certificate);
            var key = TextOf(options.KeyFile, options.Key);
            var roots = TextOf(options.ClientRootsFile, "");

            var own = X509Certificate2.CreateFromPem(certificate, key);
            var chain = new X509Certificate2Collection();
            chain.ImportFromPem(certificate);
            var believed = Believed(roots, options.ClientRootsFile);
            var context = SslStreamCertificateContext.Create(
                own, chain, offline: true, believed is null ? null : SslCertificateTrust.CreateForX509Collection(believed, sendTrustInHandshake: true));
            return new Read(string.Join('\n', certificate, key, roots), OptionsOf(context, believed), own.NotAfter);
        }

        private static string TextOf(string file, string text) => file.Length > 0 ? File.ReadAllText(file) : text;

        private static X509Certificate2Collection? Believed(string roots, string file)
        {
            if (file.Length == 0)
            {
                return null;
            }

            var believed = new X509Certificate2Collection();
            believed.ImportFromPem(roots);
            return believed.Count > 0 ? believed : throw new CryptographicException($"{file} (Listen:Tls:ClientRootsFile) holds no certificate.");
        }

        private static SslServerAuthenticationOptions OptionsOf(SslStreamCertificateContext own, X509Certificate2Collection? believed)
        {
            var options = new SslServerAuthenticationOptions { ServerCertificateContext = own };
            if (believed is not null)
            {
                // Who shows none may be a phone; one that is shown must be good.
                options.ClientCertificateRequired = true;
                options.RemoteCertificateValidationCallback = (_, shown, _, errors) => shown is null || errors == SslPolicyErrors.None;
                options.CertificateChainPolicy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
                options.CertificateChainPolicy.CustomTrustStore.AddRange(believed);
                options.CertificateChainPolicy.ApplicationPolicy.Add(new Oid(ClientAuthentication));
            }

            return options;
        }
    }
}
