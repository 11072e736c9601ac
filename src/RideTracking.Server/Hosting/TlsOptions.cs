namespace RideTracking.Server.Hosting;

/// <summary>The certificate that the server shows, and whose it believes. In files, which may be replaced while it runs, or as text from a secret store.</summary>
public sealed class TlsOptions
{
    /// <summary>A PEM file with the server's certificate, and behind it those that lead to its root. Empty, as <see cref="Certificate"/>: no TLS.</summary>
    public string CertificateFile { get; set; } = "";

    /// <summary>A PEM file with the certificate's private key.</summary>
    public string KeyFile { get; set; } = "";

    /// <summary>The same as <see cref="CertificateFile"/>, as text.</summary>
    public string Certificate { get; set; } = "";

    /// <summary>The same as <see cref="KeyFile"/>, as text.</summary>
    public string Key { get; set; } = "";

    /// <summary>
    /// A PEM file with the roots of the certificates of the company's backends. With it, callers may show a certificate, and a token of role <c>service</c> is
    /// believed only on a connection that has shown one of these. Empty: nobody is asked for one.
    /// </summary>
    public string ClientRootsFile { get; set; } = "";

    /// <summary>How often the files are looked at: 1 s to 1 d. Connections that are open go on with what they were opened with.</summary>
    public TimeSpan ReloadInterval { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>Whether there is a certificate.</summary>
    internal bool IsOn => CertificateFile.Length > 0 || Certificate.Length > 0;
}
