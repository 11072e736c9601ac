using RideTracking.Server.Store;
using RideTracking.Server.Tests.Fixtures;

namespace RideTracking.Server.Tests.Storage;

/// <summary>The disk of the embedded store is full, and then it is not.</summary>
public sealed class FullDiskTests
{
    private const int Megabytes = 24;

    // More than is written in the second before it is noticed that the disk fills up, or nothing: then a write fails.
    [Theory]
    [InlineData(16, 1)]
    [InlineData(1, 3)]
    public async Task Writes_are_refused_while_the_disk_is_full_and_taken_again_by_itself(int minFreeMegabytes, int times)
    {
        using var disk = new SmallDisk(Megabytes);
        using var folder = new EmbeddedFolder(System.IO.Path.Combine(disk.Path, "data"));
        var written = 0;
        await using (var opened = await folder.OpenAsync(minFreeDiskMegabytes: minFreeMegabytes))
        {
            for (var i = 0; i < times; i++)
            {
                await WriteAsync(opened, 100);
                disk.Fill();
                await UntilRefusedAsync(opened);
                disk.Free();
                await ServerHost.UntilAsync(async () => await TryAsync(opened) is null);
            }

            await WriteAsync(opened, 100);
            await RequireAllAsync(opened);
            Assert.Empty(opened.Errors);
        }

        await using var again = await folder.OpenAsync();
        await RequireAllAsync(again);

        async Task WriteAsync(EmbeddedFolder.Opened opened, int count)
        {
            for (var i = 0; i < count; i++)
            {
                await opened.WriteAsync(written);
                written++;
            }
        }

        // What was not answered may be there or not.
        async Task<StoreFailure?> TryAsync(EmbeddedFolder.Opened opened)
        {
            try
            {
                await opened.Writer.HashSetAsync("filled", written, new byte[8192]);
                written++;
                return null;
            }
            catch (Exception e) when (StoreFailure.Of(e) is not null)
            {
                return StoreFailure.Of(e);
            }
        }

        // Until it is seen that the disk is full, what fits is taken.
        Task UntilRefusedAsync(EmbeddedFolder.Opened opened) =>
            ServerHost.UntilAsync(async () => await TryAsync(opened) is { Reason: StoreDisk.Full } || opened.Store.IsDiskFull);

        async Task RequireAllAsync(EmbeddedFolder.Opened opened)
        {
            var fields = await opened.Database.HashKeysAsync("filled");
            Assert.Equal([.. Enumerable.Range(0, written)], fields.Select(f => (int)f).Where(f => f < written).Order());
        }
    }
}
