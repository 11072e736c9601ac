using System.Net;
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
        return check.Result;
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
