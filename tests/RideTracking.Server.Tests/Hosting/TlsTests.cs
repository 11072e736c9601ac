using System.Net;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Grpc.Core;
using Grpc.Net.Client;
using Grpc.Net.Client.Web;
using Microsoft.Extensions.DependencyInjection;
using RideTracking.Server.Access;
using RideTracking.Server.Hosting;
using RideTracking.Server.Tests.Fixtures;
using RideTracking.V1;

namespace RideTracking.Server.Tests.Hosting;

/// <summary>With a certificate there is one port for all, and the certificate is replaced while it runs.</summary>
public sealed class TlsTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task One_port_serves_native_gRPC_and_gRPC_Web_and_REST_and_management_stays_apart()
    {
        using var forge = new CertificateForge();
        var (certificate, key) = forge.Write(forge.Sign("first"), "server");
        await using var server = await ServerHost.StartAsync(args: ["--Listen:Tls:CertificateFile", certificate, "--Listen:Tls:KeyFile", key]);
        Assert.Equal("https", server.GrpcAddress.Scheme);
        Assert.Equal("http", server.ManagementAddress.Scheme);
        var ops = server.TokenOf(Role.Ops, "o");
        using var handler = Believing(forge);
        foreach (var (wire, version) in ((HttpMessageHandler, Version)[])
            [(handler, HttpVersion.Version20), (new GrpcWebHandler(GrpcWebMode.GrpcWeb, handler), HttpVersion.Version11), (new GrpcWebHandler(GrpcWebMode.GrpcWeb, handler), HttpVersion.Version20)])
        {
            using var channel = GrpcChannel.ForAddress(
                server.GrpcAddress, new GrpcChannelOptions { HttpHandler = wire, HttpVersion = version, HttpVersionPolicy = HttpVersionPolicy.RequestVersionExact });
            await new DirectoryService.DirectoryServiceClient(channel).ListDriversAsync(new ListDriversRequest(), ops, cancellationToken: Cancel);
        }

        using var http = new HttpClient(handler, disposeHandler: false) { BaseAddress = server.GrpcAddress };
        foreach (var version in new[] { HttpVersion.Version11, HttpVersion.Version20 })
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "/openapi/v1.json") { Version = version, VersionPolicy = HttpVersionPolicy.RequestVersionExact };
            using var answer = await http.SendAsync(request, Cancel);
            Assert.Equal((HttpStatusCode.OK, version), (answer.StatusCode, answer.Version));
        }

        using var metrics = await http.GetAsync("/metrics", Cancel);
        Assert.Equal(HttpStatusCode.NotFound, metrics.StatusCode);
        using var managing = new HttpClient { BaseAddress = server.ManagementAddress };
        Assert.Contains("ridetracking_tls_certificate_remaining", await managing.GetStringAsync("/metrics", Cancel), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_certificate_is_replaced_without_a_restart_and_one_that_does_not_fit_its_key_is_not_taken()
    {
        using var forge = new CertificateForge();
        var (certificate, key) = forge.Write(forge.Sign("first"), "server");
        await using var server = await ServerHost.StartAsync(args: ["--Listen:Tls:CertificateFile", certificate, "--Listen:Tls:KeyFile", key]);
        var certificates = server.Services.GetRequiredService<TlsCertificates>();
        Assert.Equal("CN=first", await ShownAsync(server, forge));

        var second = forge.Sign("second");
        await File.WriteAllTextAsync(certificate, second.ExportCertificatePem(), Cancel);
        certificates.Renew();
        Assert.Equal("CN=first", await ShownAsync(server, forge));

        forge.Write(second, "server");
        certificates.Renew();
        Assert.Equal("CN=second", await ShownAsync(server, forge));
    }

    [Fact]
    public async Task A_backend_is_believed_only_with_a_certificate_and_a_phone_needs_none()
    {
        using var forge = new CertificateForge();
        using var others = new CertificateForge();
        var (certificate, key) = forge.Write(forge.Sign("server"), "server");
        await using var server = await ServerHost.StartAsync(
            args: ["--Listen:Tls:CertificateFile", certificate, "--Listen:Tls:KeyFile", key, "--Listen:Tls:ClientRootsFile", forge.RootFile]);

        Assert.Equal(StatusCode.OK, await ListAsync(Role.Ops, null));
        Assert.Equal(StatusCode.PermissionDenied, await ListAsync(Role.Service, null));
        Assert.Equal(StatusCode.OK, await ListAsync(Role.Service, forge.Sign("backend", forClient: true)));
        // Not signed by the root, and signed for servers.
        Assert.Equal(StatusCode.Unavailable, await ListAsync(Role.Service, others.Sign("backend", forClient: true)));
        Assert.Equal(StatusCode.Unavailable, await ListAsync(Role.Service, forge.Sign("server")));

        async Task<StatusCode> ListAsync(Role role, X509Certificate2? shown)
        {
            using var handler = Believing(forge);
            if (shown is not null)
            {
                handler.SslOptions.LocalCertificateSelectionCallback = (_, _, _, _, _) => shown;
            }

            using var channel = GrpcChannel.ForAddress(server.GrpcAddress, new GrpcChannelOptions { HttpHandler = handler });
            try
            {
                await new DirectoryService.DirectoryServiceClient(channel).ListDriversAsync(new ListDriversRequest(), server.TokenOf(role, "it"), cancellationToken: Cancel);
                return StatusCode.OK;
            }
            catch (RpcException e)
            {
                // A handshake that fails after the client has sent is told in more than one way.
                return e.StatusCode == StatusCode.Internal ? StatusCode.Unavailable : e.StatusCode;
            }
        }
    }

    [Fact]
    public async Task A_certificate_that_cannot_be_used_ends_the_start_with_what_to_do()
    {
        using var forge = new CertificateForge();
        var (certificate, _) = forge.Write(forge.Sign("one"), "one");
        var (_, key) = forge.Write(forge.Sign("other"), "other");
        var refused = await Assert.ThrowsAsync<StartException>(() => ServerHost.StartAsync(args: ["--Listen:Tls:CertificateFile", certificate, "--Listen:Tls:KeyFile", key]));
        Assert.StartsWith("The certificate of Listen:Tls cannot be used: ", refused.Message, StringComparison.Ordinal);
    }

    private static SocketsHttpHandler Believing(CertificateForge forge)
    {
        var handler = new SocketsHttpHandler { UseProxy = false };
        handler.SslOptions.CertificateChainPolicy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        handler.SslOptions.CertificateChainPolicy.CustomTrustStore.Add(forge.Root);
        return handler;
    }

    private static async Task<string> ShownAsync(ServerHost server, CertificateForge forge)
    {
        using var handler = Believing(forge);
        var shown = "";
        handler.SslOptions.RemoteCertificateValidationCallback = (_, certificate, _, errors) =>
        {
            shown = certificate!.Subject;
            return errors == SslPolicyErrors.None;
        };
        using var http = new HttpClient(handler, disposeHandler: false) { BaseAddress = server.GrpcAddress };
        using var answer = await http.GetAsync("/openapi/v1.json", Cancel);
        return shown;
    }
}
