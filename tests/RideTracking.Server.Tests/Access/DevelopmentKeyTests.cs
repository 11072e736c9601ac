using System.Runtime.Versioning;
using RideTracking.Server.Access;

namespace RideTracking.Server.Tests.Access;

public sealed class DevelopmentKeyTests : IDisposable
{
    private readonly string _folder = Path.Combine(Directory.CreateTempSubdirectory("keys-").FullName, "data");

    public void Dispose() => Directory.Delete(Path.GetDirectoryName(_folder)!, recursive: true);

    [Fact]
    public async Task Processes_that_start_at_once_end_with_one_key()
    {
        using var start = new Barrier(8);
        var opened = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Factory.StartNew(
            () =>
            {
                start.SignalAndWait();
                return DevelopmentKey.Open(_folder, "ride-tracking", TimeProvider.System);
            },
            TestContext.Current.CancellationToken,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default)));
        Assert.Single(opened.Select(key => key.Configuration.SigningKeys.Single().KeyId).Distinct());
        Assert.Equal([DevelopmentKey.FileName], Directory.GetFiles(_folder).Select(Path.GetFileName));
        Array.ForEach(opened, key => key.Dispose());
    }

    [Fact]
    public void A_key_opened_again_signs_after_the_first_was_disposed()
    {
        for (var i = 0; i < 2; i++)
        {
            using var key = DevelopmentKey.Open(_folder, "ride-tracking", TimeProvider.System);
            Assert.NotEmpty(key.Sign(Role.Ops, ["o"], TimeSpan.FromMinutes(1)).Token);
        }
    }

    [Fact]
    [UnsupportedOSPlatform("windows")]
    public void Only_the_owner_may_read_it()
    {
        DevelopmentKey.Open(_folder, "ride-tracking", TimeProvider.System).Dispose();
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(_folder, DevelopmentKey.FileName)));
    }
}
