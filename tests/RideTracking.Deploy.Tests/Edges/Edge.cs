using System.Net.Sockets;
using System.Text.RegularExpressions;
using Grpc.Net.Client;
using Grpc.Net.Client.Web;
using RideTracking.Faults.Processes;
using RideTracking.Server.Tests.Fixtures;

namespace RideTracking.Deploy.Tests.Edges;

/// <summary>
/// A balancer before nodes, run with its file of deploy/: nothing is changed in it but ports, addresses, folders and how many files it may open.
/// </summary>
internal sealed partial class Edge : IAsyncDisposable
{
    // What this machine lets a process open may be far less than what the files ask for.
    private const string Connections = "2000";

    private readonly string _folder = Directory.CreateTempSubdirectory("edge-").FullName;
    private readonly EdgeCertificate _certificate;
    private readonly List<GrpcChannel> _channels = [];
    private ChildProcess? _process;

    private Edge() => _certificate = EdgeCertificate.Make(Path.Combine(_folder, "certs", "edge.pem"));

    public int Port { get; } = FreePort.Take();

    private int PlainPort { get; } = FreePort.Take();

    public int NumbersPort { get; } = FreePort.Take();

    public Uri Address => new($"https://localhost:{Port}");

    /// <summary>HTTP, which only says where HTTPS is.</summary>
    public Uri PlainAddress => new($"http://localhost:{PlainPort}/");

    /// <summary>Starts one; complete when it takes connections.</summary>
    /// <param name="kind">haproxy or nginx.</param>
    /// <param name="nodes">gRPC, web and management port of each.</param>
    /// <param name="change">What else the copy has otherwise.</param>
    public static async Task<Edge> StartAsync(string kind, IReadOnlyList<(int Grpc, int Web, int Management)> nodes, Func<string, string>? change = null)
    {
        var edge = new Edge();
        var text = await File.ReadAllTextAsync(Repository.PathOf(kind == "haproxy" ? "deploy/haproxy/haproxy.cfg" : "deploy/nginx/nginx.conf"));
        text = Regex.Replace(text, "/(etc/(haproxy|nginx)/certs)/", $"{edge._folder}/certs/");
        text = text.Replace("/run/haproxy/admin.sock", edge._folder + "/admin.sock", StringComparison.Ordinal)
            .Replace("/run/nginx.pid", edge._folder + "/nginx.pid", StringComparison.Ordinal);
        text = Regex.Replace(text, @"(maxconn|worker_connections|worker_rlimit_nofile) \d+", "$1 " + Connections);
        text = OwnUser().Replace(text, m => IsRoot ? m.Value : "");
        text = Listens().Replace(text, m => $"{m.Groups[1]} 127.0.0.1:{m.Groups[2].Value switch { "80" => edge.PlainPort, "443" => edge.Port, _ => edge.NumbersPort }}");
        for (var i = 0; i < nodes.Count; i++)
        {
            // Where a node's checks are done is told once for all of them, and they are on one machine here.
            text = Regex.Replace(text, $@"node-{i + 1}:8080$", $"$0 port {nodes[i].Management}", RegexOptions.Multiline)
                .Replace($"node-{i + 1}:5001", $"127.0.0.1:{nodes[i].Grpc}", StringComparison.Ordinal)
                .Replace($"node-{i + 1}:8080", $"127.0.0.1:{nodes[i].Web}", StringComparison.Ordinal);
        }

        var file = Path.Combine(edge._folder, "edge.conf");
        await File.WriteAllTextAsync(file, change?.Invoke(text) ?? text);
        edge._process = kind == "haproxy"
            ? ChildProcess.Start(Program("haproxy"), ["-db", "-f", file], "never", edge.LogFile)
            : ChildProcess.Start(Program("nginx"), ["-c", file, "-p", edge._folder, "-e", "stderr", "-g", "daemon off;"], "never", edge.LogFile);
        var ended = edge._process.Ready;
        await Until.SoAsync(
            async () =>
            {
                if (ended.IsFaulted)
                {
                    throw new InvalidOperationException(await File.ReadAllTextAsync(edge.LogFile), ended.Exception);
                }

                using var client = new TcpClient();
                await client.ConnectAsync("127.0.0.1", edge.Port, TestContext.Current.CancellationToken);
                return true;
            },
            $"{kind} takes connections");
        return edge;
    }

    /// <inheritdoc cref="StartAsync(string,IReadOnlyList{ValueTuple{int,int,int}},Func{string,string})"/>
    public static Task<Edge> StartAsync(string kind, TwoNodes nodes, Func<string, string>? change = null) =>
        StartAsync(kind, [.. nodes.Nodes.Select(node => (node.GrpcPort, node.WebPort, node.ManagementPort))], change);

    /// <summary>A connection of its own, as a phone has one.</summary>
    public GrpcChannel Channel()
    {
        var channel = GrpcChannel.ForAddress(Address, new GrpcChannelOptions { HttpHandler = Handler(), DisposeHttpClient = true });
        _channels.Add(channel);
        return channel;
    }

    /// <summary>gRPC-Web, as a page speaks it.</summary>
    public GrpcChannel WebChannel()
    {
        var channel = GrpcChannel.ForAddress(Address, new GrpcChannelOptions
        {
            HttpHandler = new GrpcWebHandler(GrpcWebMode.GrpcWeb, Handler()),
            DisposeHttpClient = true,
        });
        _channels.Add(channel);
        return channel;
    }

    /// <summary>Whoever calls over HTTP.</summary>
    public HttpClient Http() => new(Handler()) { BaseAddress = Address };

    /// <summary>What it has said.</summary>
    public async Task<string> LogAsync()
    {
        using var log = new StreamReader(new FileStream(LogFile, FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
        return await log.ReadToEndAsync();
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var channel in _channels)
        {
            channel.Dispose();
        }

        if (_process is { } process)
        {
            process.Signal("TERM");
            await process.EndsAsync(Until.Patience);
            process.Dispose();
        }

        _certificate.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private static bool IsRoot => Environment.UserName == "root";

    private string LogFile => Path.Combine(_folder, "edge.log");

    private SocketsHttpHandler Handler() => new()
    {
        AllowAutoRedirect = false,
        SslOptions = { CertificateChainPolicy = _certificate.Policy },
        // As the library for apps has it.
        KeepAlivePingDelay = TimeSpan.FromSeconds(20),
        KeepAlivePingTimeout = TimeSpan.FromSeconds(10),
        KeepAlivePingPolicy = HttpKeepAlivePingPolicy.WithActiveRequests,
    };

    private static string Program(string name) =>
        new[] { "/usr/sbin/" + name, "/usr/bin/" + name, "/usr/local/sbin/" + name }.FirstOrDefault(File.Exists)
        ?? throw new InvalidOperationException($"No {name}: install the package {name}.");

    [GeneratedRegex(@"\b(bind|listen) :?(80|443|8405)\b")]
    private static partial Regex Listens();

    [GeneratedRegex("^ *(user|group) .*$", RegexOptions.Multiline)]
    private static partial Regex OwnUser();
}
