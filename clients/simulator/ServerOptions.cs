using System.CommandLine;

namespace RideTracking.Simulator;

/// <summary>The options that say which server, and with which token.</summary>
internal sealed class ServerOptions
{
    /// <summary>Environment variable that holds a token.</summary>
    public const string TokenVariable = "RIDE_TRACKING_TOKEN";

    private readonly Option<Uri[]> _server = new("--server")
    {
        DefaultValueFactory = _ => [new Uri("http://127.0.0.1:5001")],
        Description = "The server's gRPC address; of several nodes several, with commas between them.",
        CustomParser = result =>
        {
            var servers = result.Tokens[0].Value.Split(',').Select(s => Uri.TryCreate(s, UriKind.Absolute, out var uri) && uri.Scheme is ("http" or "https") ? uri : null).OfType<Uri>().ToArray();
            if (servers.Length == result.Tokens[0].Value.Split(',').Length)
                return servers;
            result.AddError($"--server must be an address such as http://127.0.0.1:5001, or several with commas between them, not '{result.Tokens[0].Value}'.");
            return null!;
        },
    };

    private readonly Option<int> _connections = new("--connections")
    {
        DefaultValueFactory = _ => 8,
        Description = "Network connections that the streams share; where the server allows fewer streams on one, more are opened.",
    };

    private readonly Option<string?> _token = new("--token")
    {
        Description = "A bearer token of role service.",
    };

    private readonly Option<FileInfo?> _tokenFile = new("--token-file")
    {
        Description = $"File with a bearer token of role service, read again on each connect (a development server keeps dev-service.token in its data folder). Without either, the environment variable {TokenVariable}.",
    };

    public void AddTo(Command command)
    {
        foreach (var option in new Option[] { _server, _connections, _token, _tokenFile })
            command.Options.Add(option);
        _connections.InRange(1, 1000);
        command.Validators.Add(parsed =>
        {
            if (parsed.GetValue(_token) is not null && parsed.GetValue(_tokenFile) is not null)
                parsed.AddError("Give --token or --token-file, not both.");
        });
    }

    public ServerConnections Connect(ParseResult parsed) =>
        new(parsed.GetValue(_server)!, parsed.GetValue(_connections), TokenSource(parsed.GetValue(_token), parsed.GetValue(_tokenFile)));

    private static Func<CancellationToken, ValueTask<string>>? TokenSource(string? token, FileInfo? file)
    {
        // Read each time: the server that writes the file may not have started yet, and replaces the token in time.
        if (file is not null)
            return async ct => (await File.ReadAllTextAsync(file.FullName, ct)).Trim();
        token ??= Environment.GetEnvironmentVariable(TokenVariable);
        return token is null ? null : _ => ValueTask.FromResult(token);
    }
}
