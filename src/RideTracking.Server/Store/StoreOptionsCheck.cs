using System.Net;
using System.Security.Cryptography;
using Microsoft.Extensions.Options;
using RideTracking.Server.Hosting;
using StackExchange.Redis;

namespace RideTracking.Server.Store;

/// <summary>Whether <see cref="StoreOptions.Redis"/> names a store at all, and one that can do what is wanted of it. It is not shown: a password may be in it.</summary>
internal sealed class StoreOptionsCheck : IValidateOptions<StoreOptions>
{
    public ValidateOptionsResult Validate(string? name, StoreOptions options)
    {
        var check = new OptionsCheck("Store");
        check.Require(
            options.Redis.Length == 0 || NamesEndpoints(options.Redis),
            "Redis (--redis) cannot be understood. Set it to host:port, followed by options such as ,password=…,ssl=true; or leave it empty for a store of the server's own.");
        check.Require(
            options.WaitForReplicas == 0 || options.Redis.Length > 0,
            "WaitForReplicas needs a Redis with replicas: name it with --redis, or set this to 0. The store of the server's own has none.");
        if (options.Redis.Length == 0 || NamesEndpoints(options.Redis))
        {
            CheckLogin(check, options);
            CheckTls(check, options);
        }

        return check.Result;
    }

    private static void CheckLogin(OptionsCheck check, StoreOptions options)
    {
        if (options.RedisPasswordFile.Length == 0)
        {
            return;
        }

        check.Require(
            options.Redis.Length > 0 && string.IsNullOrEmpty(ConfigurationOptions.Parse(options.Redis).Password),
            "RedisPasswordFile is for a Redis that is named without password=: name it with --redis, and the password in one of the two.");
        CheckFile(check, "RedisPasswordFile", options.RedisPasswordFile, "a password", () => RedisLogin.Read(options.RedisPasswordFile) is { Length: > 0 });
    }

    private static void CheckTls(OptionsCheck check, StoreOptions options)
    {
        check.Require(
            (options.RedisCaFile + options.RedisCertificateFile).Length == 0 || (options.Redis.Length > 0 && ConfigurationOptions.Parse(options.Redis).Ssl),
            "RedisCaFile and RedisCertificateFile are for a Redis by TLS: add ,ssl=true to Redis (--redis), or take them away.");
        check.Require(options.RedisKeyFile.Length == 0 || options.RedisCertificateFile.Length > 0, "RedisKeyFile is the key of RedisCertificateFile, which is not set: set it, too.");
        if (options.RedisCaFile.Length > 0)
        {
            CheckFile(check, "RedisCaFile", options.RedisCaFile, "certificates (PEM)", () => RedisTls.TrustIn(options.RedisCaFile) is not null);
        }

        if (options.RedisCertificateFile.Length > 0)
        {
            CheckFile(
                check, "RedisCertificateFile", options.RedisCertificateFile, "a certificate and its key (PEM), unless RedisKeyFile names another for the key",
                () => RedisTls.Own(options.RedisCertificateFile, options.RedisKeyFile) is not null);
        }
    }

    private static void CheckFile(OptionsCheck check, string name, string file, string content, Func<bool> holdsIt)
    {
        try
        {
            check.Require(holdsIt(), $"{name} ({file}) is empty. It must hold {content}.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException or ArgumentException)
        {
            check.Require(false, $"{name} ({file}) cannot be used: {e.Message} It must hold {content}.");
        }
    }

    private static bool NamesEndpoints(string configuration)
    {
        try
        {
            var endpoints = ConfigurationOptions.Parse(configuration).EndPoints;
            return endpoints.Count > 0 && endpoints.All(endpoint => endpoint is not DnsEndPoint host || Uri.CheckHostName(host.Host) != UriHostNameType.Unknown);
        }
        catch (ArgumentException)
        {
            return false;
        }
    }
}
