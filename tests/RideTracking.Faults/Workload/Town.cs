using System.Collections.Concurrent;
using Grpc.Core;
using Grpc.Net.Client;
using RideTracking.Client;
using RideTracking.Faults.Told;
using RideTracking.Server.Access;
using RideTracking.V1;

namespace RideTracking.Faults.Workload;

/// <summary>Who lives in the town: drivers, riders and their company, each through the real client library.</summary>
internal sealed class Town : IDisposable
{
    private static readonly string[] PhoneNames = ["a", "b"];
    private static readonly TimeSpan LooksAgain = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan StepEvery = TimeSpan.FromMilliseconds(100);

    private static readonly TimeSpan TokenLife = TimeSpan.FromHours(12);

    private readonly List<GrpcChannel> _channels = [];
    private readonly List<Driver> _drivers = [];
    private readonly List<Rider> _riders = [];
    private readonly CancellationTokenSource _closing = new();
    private readonly CancellationTokenSource _watching = new();
    private readonly CancellationTokenSource _ending = new();
    private Task _life = Task.CompletedTask;
    private Task _riding = Task.CompletedTask;
    private Task _watch = Task.CompletedTask;

    public Town(string folder, IReadOnlyList<Uri> nodes, RigOptions options, Record record)
    {
        var seed = options.Seed;
        using var key = DevelopmentKey.Open(folder, new AccessOptions().Audience, TimeProvider.System);
        var service = key.Sign(Role.Service, ["faults"], TokenLife).Token;
        ServiceToken = new Metadata { { "authorization", "Bearer " + service } };
        OpsToken = new Metadata { { "authorization", "Bearer " + key.Sign(Role.Ops, ["faults-ops"], TokenLife).Token } };
        foreach (var node in nodes)
        {
            _channels.Add(RideTrackingChannel.Create(node));
        }

        DriverIds = [.. Enumerable.Range(1, options.Drivers).Select(i => $"driver-{i}")];
        string[] riderIds = [.. Enumerable.Range(1, options.Riders).Select(i => $"rider-{i}")];
        foreach (var (id, i) in DriverIds.Select((id, i) => (id, i)))
        {
            var token = key.Sign(Role.Driver, [id], TokenLife).Token;
            var inbox = new ConcurrentQueue<Command>();
            Phone[] phones =
            [
                .. PhoneNames.Select((name, p) => new Phone(
                    id, $"{id}-{name}", folder, new AnyNode(_channels, seed + (i * 10) + p), _ => new(token), record, inbox.Enqueue, seed + (i * 10) + p)),
            ];
            _drivers.Add(new Driver(phones, inbox, seed + (i * 100)));
        }

        foreach (var (id, i) in riderIds.Select((id, i) => (id, i)))
        {
            var token = key.Sign(Role.Rider, [id], TokenLife).Token;
            var connection = new RiderConnection(
                new AnyNode(_channels, seed - i), new RiderConnectionOptions { TokenSource = _ => new(token), InitialBackoff = TimeSpan.FromMilliseconds(100), MaxBackoff = TimeSpan.FromSeconds(2) },
                TimeProvider.System, new Random(seed - i));
            _riders.Add(new Rider(id, connection, record, seed - (i * 100)));
        }

        Company = new Company(new AnyNode(_channels, seed), ServiceToken, record, DriverIds, riderIds, seed);
    }

    public IReadOnlyList<string> DriverIds { get; }

    public Metadata ServiceToken { get; }

    public Metadata OpsToken { get; }

    /// <summary>A way to each node.</summary>
    public IReadOnlyList<GrpcChannel> Channels => _channels;

    public Company Company { get; }

    /// <summary>Why a phone's app gave up, where one did.</summary>
    public IEnumerable<string> Failures => _drivers.SelectMany(d => d.Phones).SelectMany(p => p.Failures);

    /// <summary>What phones still owe.</summary>
    public int Waiting => _drivers.Sum(d => d.Phones.Sum(p => p.Waiting));

    /// <summary>Everybody begins.</summary>
    public async Task OpenAsync()
    {
        await Company.RegisterAsync(_ending.Token);
        foreach (var driver in _drivers)
        {
            driver.Phone.Start();
        }

        _watch = Company.WatchAsync(_watching.Token);
        _riding = Task.WhenAll(
            [.. _riders.Select(r => r.RunAsync(_closing.Token, _ending.Token)), Company.SendAsync(_closing.Token, _ending.Token), Company.LookAsync(_closing.Token, _ending.Token)]);
        _life = StepAsync();
    }

    /// <summary>The store was emptied: the company enters everybody anew, and drivers go available again.</summary>
    public async Task BeginAnewAsync()
    {
        await Company.RegisterAsync(_ending.Token);
        _drivers.ForEach(d => d.ChooseAgain());
    }

    /// <summary>Nobody begins anything new, and riders see their trips to the end; false when it does not come in time.</summary>
    public async Task<bool> CloseAsync(TimeSpan patience)
    {
        await _closing.CancelAsync();
        try
        {
            await _riding.WaitAsync(patience);
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
    }

    /// <summary>Drivers stop, and all phones bring what they still owe; false when they cannot in time.</summary>
    public async Task<bool> FlushAsync(TimeSpan patience)
    {
        await _ending.CancelAsync();
        await _life.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        using var time = new CancellationTokenSource(patience);
        try
        {
            await Task.WhenAll(_drivers.Select(d => FlushAsync(d, time.Token)));
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    /// <summary>Everybody goes home.</summary>
    public async Task EndAsync()
    {
        await _watching.CancelAsync();
        await _ending.CancelAsync();
        await Task.WhenAll(_watch, _life, _riding).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await Task.WhenAll(_drivers.SelectMany(d => d.Phones).Select(p => p.EndAsync()));
    }

    public void Dispose()
    {
        foreach (var phone in _drivers.SelectMany(d => d.Phones))
        {
            phone.Dispose();
        }

        foreach (var channel in _channels)
        {
            channel.Dispose();
        }

        _closing.Dispose();
        _watching.Dispose();
        _ending.Dispose();
    }

    // The phone that is not in use has the driver for as long as it owes something; then the one in use has it again, and stays.
    private static async Task FlushAsync(Driver driver, CancellationToken ct)
    {
        foreach (var phone in driver.Phones.Where(p => p != driver.Phone && p.Waiting > 0))
        {
            await FlushAsync(phone, ct);
        }

        await FlushAsync(driver.Phone, ct);
    }

    // What the other phone still has on its way to a node may take the driver over once more.
    private static async Task FlushAsync(Phone phone, CancellationToken ct)
    {
        while (phone.Waiting > 0)
        {
            phone.Start();
            await phone.FlushAsync(ct).WaitAsync(LooksAgain, TimeProvider.System, ct).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            ct.ThrowIfCancellationRequested();
        }
    }

    private async Task StepAsync()
    {
        using var steps = new PeriodicTimer(StepEvery);
        for (var before = Record.Now; await steps.WaitForNextTickAsync(_ending.Token);)
        {
            var now = Record.Now;
            foreach (var driver in _drivers)
            {
                driver.Step(now, (now - before).TotalSeconds, _closing.IsCancellationRequested);
            }

            before = now;
        }
    }
}
