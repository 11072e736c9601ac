using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using RideTracking.Faults.Processes;
using RideTracking.Server.Tests.Fixtures;

namespace RideTracking.Deploy.Tests.Edges;

/// <summary>A redis-server with the settings and the users of deploy/compose: nothing is changed in them but port, folders and the passwords.</summary>
internal sealed class StoreByFile : IDisposable
{
    private const string NodesPassword = "a-password-of-the-nodes";
    private const string AdminPassword = "a-password-of-the-admin";

    private readonly ChildProcess _process;
    private readonly int _port;

    private StoreByFile(ChildProcess process, int port) => (_process, _port) = (process, port);

    /// <summary>As a node is told of it.</summary>
    public string Configuration => $"127.0.0.1:{_port},user=ride-tracking,password={NodesPassword}";

    public static async Task<StoreByFile> StartAsync(string folder)
    {
        Directory.CreateDirectory(folder);
        var users = (await File.ReadAllTextAsync(Repository.PathOf("deploy/compose/users.acl.template")))
            .Replace("@REDIS_PASSWORD_SHA256@", Hash(NodesPassword), StringComparison.Ordinal)
            .Replace("@REDIS_ADMIN_PASSWORD_SHA256@", Hash(AdminPassword), StringComparison.Ordinal);
        var usersFile = Path.Combine(folder, "users.acl");
        await File.WriteAllTextAsync(usersFile, users);
        var settings = (await File.ReadAllTextAsync(Repository.PathOf("deploy/compose/redis.conf")))
            .Replace("/etc/redis/users.acl", usersFile, StringComparison.Ordinal);
        settings = Regex.Replace(settings, "^dir /data$", $"dir {folder}", RegexOptions.Multiline);
        var file = Path.Combine(folder, "redis.conf");
        await File.WriteAllTextAsync(file, settings);
        var port = FreePort.Take();
        var process = ChildProcess.Start(
            "redis-server", [file, "--bind", "127.0.0.1", "--port", $"{port}"], "Ready to accept connections", Path.Combine(folder, "redis.log"));
        await process.Ready;
        return new StoreByFile(process, port);
    }

    /// <summary>What it answers its administrator.</summary>
    public Task<string> AskAsync(params string[] command) => AskAsAsync("admin", AdminPassword, command);

    /// <summary>What it answers a node.</summary>
    public Task<string> AskAsNodeAsync(params string[] command) => AskAsAsync("ride-tracking", NodesPassword, command);

    public void Dispose() => _process.Dispose();

    private async Task<string> AskAsAsync(string user, string password, string[] command)
    {
        using var client = Process.Start(new ProcessStartInfo("redis-cli", ["-p", $"{_port}", "--no-auth-warning", "--user", user, "--pass", password, .. command])
        {
            RedirectStandardOutput = true,
        })!;
        var answer = await client.StandardOutput.ReadToEndAsync();
        await client.WaitForExitAsync();
        return answer.Trim();
    }

    private static string Hash(string password) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(password)));
}
