using RideTracking.Server.Store;
using RideTracking.Server.Tests.Fixtures;
using StackExchange.Redis;

namespace RideTracking.Server.Tests.Storage;

/// <summary>The embedded store's files, damaged: it says so, and starts with what is whole only when it is asked to.</summary>
public sealed class DamagedStoreTests : IDisposable
{
    private const int Writes = 300;

    private readonly EmbeddedFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_whole_file_is_no_damage_however_often_it_is_started()
    {
        await FillAsync();
        for (var i = 0; i < 3; i++)
        {
            await using var again = await _folder.OpenAsync();
            Assert.Equal(Writes, await again.CountAsync());
        }
    }

    [Fact]
    public async Task A_changed_byte_keeps_it_from_starting_until_it_is_asked_to_and_then_all_before_it_is_there()
    {
        await FillAsync();
        EmbeddedFolder.Damage(_folder.Path, "value-100.");

        var refused = await Assert.ThrowsAsync<StoreDamagedException>(() => _folder.OpenAsync());
        Assert.Contains("later writes, up to 20", refused.Message, StringComparison.Ordinal);
        Assert.Contains("--Store:StartDamaged true", refused.Message, StringComparison.Ordinal);
        // And again: it has changed nothing.
        await Assert.ThrowsAsync<StoreDamagedException>(() => _folder.OpenAsync());

        await using (var asked = await _folder.OpenAsync(startDamaged: true))
        {
            Assert.Equal(100, await asked.CountAsync());
            // With the one that was written to note the others.
            Assert.Contains(asked.Errors, e => e.Contains($"{Writes - 100 + 1} later writes", StringComparison.Ordinal));
            await asked.WriteAsync(100);
        }

        // What it has begun anew with is whole.
        await using var after = await _folder.OpenAsync();
        Assert.Equal(101, await after.CountAsync());
    }

    // Garnet would follow it out of its memory, which ends the process.
    [Theory]
    [InlineData(-4, new byte[] { 255, 255, 255, 127 })]
    [InlineData(-4, new byte[] { 255, 255, 255, 255 })]
    [InlineData(-4, new byte[] { 9, 0, 0, 0 })]
    public async Task A_length_that_is_wrong_is_found_before_it_is_followed(int from, byte[] changed)
    {
        await FillAsync();
        EmbeddedFolder.Damage(_folder.Path, "value-100.", from, changed);

        var refused = await Assert.ThrowsAsync<StoreDamagedException>(() => _folder.OpenAsync());
        Assert.Contains("(100 writes); 201 later writes, up to 20", refused.Message, StringComparison.Ordinal);

        await using (var asked = await _folder.OpenAsync(startDamaged: true))
        {
            Assert.Equal(100, await asked.CountAsync());
            Assert.Contains(asked.Errors, e => e.Contains("later writes", StringComparison.Ordinal));
            await asked.WriteAsync(100);
        }

        await using var after = await _folder.OpenAsync();
        Assert.Equal(101, await after.CountAsync());
    }

    [Fact]
    public async Task Files_that_are_gone_keep_it_from_starting()
    {
        await FillAsync();
        foreach (var file in AppendOnlyFile.FilesIn(_folder.Path))
        {
            file.Delete();
        }

        var refused = await Assert.ThrowsAsync<StoreDamagedException>(() => _folder.OpenAsync());
        Assert.Contains($"{Writes} later writes", refused.Message, StringComparison.Ordinal);

        await using var asked = await _folder.OpenAsync(startDamaged: true);
        Assert.Equal(0, await asked.CountAsync());
    }

    [Fact]
    public async Task A_call_over_the_limit_is_refused_and_those_after_it_are_kept()
    {
        await using (var store = await _folder.OpenAsync())
        {
            var refused = await Assert.ThrowsAsync<RedisServerException>(() => store.Writer.SetAsync("large", new byte[(1 << 20) + 1]));
            Assert.StartsWith("TOOLARGE", refused.Message, StringComparison.Ordinal);
            var inScript = await Assert.ThrowsAsync<RedisServerException>(
                () => StoreScript.RoadClosures.RunAsync(store.Writer, ["closures", "version"], [new byte[(1 << 20) + 1]]));
            Assert.Contains("TOOLARGE", inScript.Message, StringComparison.Ordinal);
            Assert.Equal(StoreFailureKind.Mistake, StoreFailure.Of(inScript)!.Value.Kind);
            await store.Writer.SetAsync("largest", new byte[(1 << 20) - 1000]);
            await store.WriteAsync(0);
        }

        await using var again = await _folder.OpenAsync();
        Assert.Equal(1, await again.CountAsync());
        Assert.Equal((1 << 20) - 1000, await again.Database.StringLengthAsync("largest"));
        Assert.False(await again.Database.KeyExistsAsync("large"));
    }

    [Fact]
    public async Task What_expired_while_it_was_down_is_gone()
    {
        await using (var store = await _folder.OpenAsync())
        {
            await store.Writer.SetAsync("short", "", TimeSpan.FromMilliseconds(1));
            await store.Writer.SetAsync("long", "", TimeSpan.FromHours(1));
        }

        await using var again = await _folder.OpenAsync();
        Assert.False(await again.Database.KeyExistsAsync("short"));
        Assert.InRange((await again.Database.KeyTimeToLiveAsync("long"))!.Value, TimeSpan.FromMinutes(59), TimeSpan.FromHours(1));
    }

    // As if it were killed: nothing is saved but what the file has.
    private async Task FillAsync()
    {
        await using var store = await _folder.OpenAsync();
        for (var i = 0; i < Writes; i++)
        {
            await store.WriteAsync(i);
        }

        await store.Store.NoteProgressAsync(() => store.Writer.SetAsync("noted", ""));
    }
}
