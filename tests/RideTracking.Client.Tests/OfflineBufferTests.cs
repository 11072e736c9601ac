using Google.Protobuf.Collections;
using RideTracking.Client.Tests.Fixtures;
using RideTracking.V1;

namespace RideTracking.Client.Tests;

public sealed class OfflineBufferTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private string BufferPath => _folder.File("driver.buffer");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_restarted_app_goes_on_with_its_session_its_fixes_and_its_actions()
    {
        string session;
        using (var buffer = Open())
        {
            session = buffer.SessionId;
            for (var i = 0; i < 10; i++)
                buffer.Add(Fix(i));
            buffer.Acknowledge(4, []);
            buffer.Add(new DriverAction { ActionId = "a" });
            buffer.Add(new DriverAction { ActionId = "b" });
            buffer.Answered("a");
            buffer.CommandHandled(17);
        }

        using var again = Open();
        Assert.Equal(session, again.SessionId);
        Assert.Equal([5ul, 6, 7, 8, 9, 10], Sequences(again));
        Assert.Equal(4ul, again.AcknowledgedThrough);
        Assert.Equal("b", again.OldestAction()!.ActionId);
        Assert.Equal(1, again.ActionCount);
        Assert.Equal(17ul, again.LastCommandSequence);
        Assert.Equal(11ul, again.Add(Fix(10)));
        Assert.Equal(0, again.DiscardedBytes);
    }

    [Fact]
    public void Attempts_to_connect_rise_over_restarts_and_go_on_from_what_the_server_knows()
    {
        using (var buffer = Open())
            Assert.Equal([1ul, 2ul], [buffer.NextConnectionAttempt(), buffer.NextConnectionAttempt()]);
        using (var buffer = Open())
        {
            Assert.Equal(3ul, buffer.NextConnectionAttempt());
            buffer.ConnectionAttemptPassed(40);
        }
        using var again = Open();
        Assert.Equal(41ul, again.NextConnectionAttempt());
    }

    [Fact]
    public void A_session_begun_anew_is_kept_with_what_waits()
    {
        string before;
        using (var buffer = Open())
        {
            before = buffer.SessionId;
            for (var i = 0; i < 5; i++)
                buffer.Add(Fix(i));
            List<Fix> acknowledged = [];
            buffer.Acknowledge(2, acknowledged);
            buffer.BeginSession(acknowledged);
            Assert.Equal([1ul, 2, 3, 4, 5], Sequences(buffer));
        }
        using var again = Open();
        Assert.NotEqual(before, again.SessionId);
        Assert.Equal([1ul, 2, 3, 4, 5], Sequences(again));
        Assert.Equal(0ul, again.AcknowledgedThrough);
        Assert.Equal(6ul, again.Add(Fix(5)));
    }

    [Fact]
    public void A_killed_app_loses_nothing_and_never_uses_a_sequence_twice()
    {
        // Killed: the file is what was written, never closed.
        var copy = _folder.File("killed.buffer");
        string session;
        using (var buffer = Open())
        {
            session = buffer.SessionId;
            for (var i = 0; i < 3; i++)
                buffer.Add(Fix(i));
            Copy(copy);
        }

        using var again = OfflineBuffer.Open(copy, "driver");
        Assert.Equal(session, again.SessionId);
        Assert.Equal([1ul, 2, 3], Sequences(again));
        Assert.True(again.Add(Fix(3)) > 3);
    }

    [Fact]
    public void Wherever_the_file_was_cut_off_what_stands_before_is_there_and_no_sequence_comes_twice()
    {
        using (var buffer = Open())
        {
            for (var i = 0; i < 5; i++)
                buffer.Add(Fix(i));
            buffer.Add(new DriverAction { ActionId = "a" });
            Copy(_folder.File("whole"));
        }
        var whole = File.ReadAllBytes(_folder.File("whole"));

        var kept = new HashSet<int>();
        for (var length = 0; length < whole.Length; length++)
        {
            var path = _folder.File($"cut-{length}");
            File.WriteAllBytes(path, whole[..length]);
            using var cut = OfflineBuffer.Open(path, "driver");
            var sequences = Sequences(cut);
            Assert.Equal(Enumerable.Range(1, sequences.Count).Select(n => (ulong)n), sequences);
            kept.Add(sequences.Count);
            // The first record, with the session, is on the disk before any fix is taken: a new session may begin at 1.
            if (sequences.Count > 0)
                Assert.True(cut.Add(Fix(9)) > 5);
        }
        Assert.Equal([0, 1, 2, 3, 4, 5], kept.Order());
    }

    [Fact]
    public void A_damaged_record_ends_what_is_read_and_the_sequences_jump_over_all_that_may_have_been_used()
    {
        using (var buffer = Open())
        {
            for (var i = 0; i < 6_000; i++)
                buffer.Add(Fix(i));
            Copy(_folder.File("damaged"));
        }
        var bytes = File.ReadAllBytes(_folder.File("damaged"));
        bytes[bytes.Length / 2] ^= 1;
        File.WriteAllBytes(_folder.File("damaged"), bytes);

        using var damaged = OfflineBuffer.Open(_folder.File("damaged"), "driver");
        Assert.InRange(damaged.FixCount, 2_000, 4_000);
        Assert.True(damaged.DiscardedBytes > 0);
        Assert.True(damaged.Add(Fix(0)) > 6_000);
    }

    [Fact]
    public void When_full_the_oldest_fix_is_dropped_and_counted_also_after_a_restart()
    {
        using (var buffer = Open(fixCapacity: 3))
        {
            for (var i = 0; i < 5; i++)
                buffer.Add(Fix(i));
            Assert.Equal([3ul, 4, 5], Sequences(buffer));
            Assert.Equal(2, buffer.DroppedFixes);
        }
        using var again = Open(fixCapacity: 3);
        Assert.Equal([3ul, 4, 5], Sequences(again));
        Assert.Equal(2, again.DroppedFixes);
    }

    [Fact]
    public void A_driver_s_word_is_refused_when_full_never_dropped()
    {
        using var buffer = OfflineBuffer.InMemory();
        for (var i = 0; i < OfflineBuffer.ActionCapacity; i++)
            buffer.Add(new DriverAction { ActionId = $"{i}" });
        Assert.Throws<InvalidOperationException>(() => buffer.Add(new DriverAction { ActionId = "one more" }));
        Assert.Equal("0", buffer.OldestAction()!.ActionId);
    }

    [Fact]
    public void The_file_does_not_grow_with_what_was_acknowledged()
    {
        using var buffer = Open();
        for (var i = 0; i < 50_000; i++)
            buffer.Acknowledge(buffer.Add(Fix(i)), []);
        buffer.Add(Fix(0));
        Assert.InRange(new FileInfo(BufferPath).Length, 1, 600_000);
        Copy(_folder.File("copy"));
        using var copy = OfflineBuffer.Open(_folder.File("copy"), "driver");
        Assert.Equal([50_001ul], Sequences(copy));
        Assert.Equal(buffer.SessionId, copy.SessionId);
    }

    [Fact]
    public void A_rewrite_that_was_interrupted_is_as_if_it_never_began()
    {
        using (var buffer = Open())
            buffer.Add(Fix(0));
        File.WriteAllText(BufferPath + ".new", "half a file");
        using var again = Open();
        Assert.Equal([1ul], Sequences(again));
        Assert.False(File.Exists(BufferPath + ".new"));
    }

    [Fact]
    public void Another_driver_s_file_is_refused_and_left_as_it_is()
    {
        using (var buffer = Open())
            buffer.Add(Fix(0));
        var refusal = Assert.Throws<InvalidOperationException>(() => OfflineBuffer.Open(BufferPath, "somebody-else"));
        Assert.Contains("somebody-else", refusal.Message, StringComparison.Ordinal);
        using var again = Open();
        Assert.Equal([1ul], Sequences(again));
    }

    [Fact]
    public void A_file_is_open_once_at_a_time()
    {
        using var buffer = Open();
        Assert.Throws<IOException>(() => Open());
    }

    [Fact]
    public void Fixes_are_copied_after_any_sequence_also_after_the_ring_has_turned()
    {
        using var buffer = OfflineBuffer.InMemory(fixCapacity: 100);
        for (var i = 0; i < 1_037; i++)
            buffer.Add(Fix(i));
        var fixes = new RepeatedField<Fix>();
        buffer.CopyAfter(1_000, 500, fixes);
        Assert.Equal(Enumerable.Range(1_001, 37).Select(n => (ulong)n), fixes.Select(fix => fix.Sequence));
        Assert.Equal(100, buffer.CountAfter(3));
        Assert.Equal(0, buffer.CountAfter(1_037));
    }

    private static Fix Fix(int n) => new() { SensorTimeUnixMs = 1_700_000_000_000 + n, LatitudeE7 = n, LongitudeE7 = -n };

    private static List<ulong> Sequences(OfflineBuffer buffer)
    {
        var fixes = new RepeatedField<Fix>();
        buffer.CopyAfter(0, int.MaxValue, fixes);
        return [.. fixes.Select(fix => fix.Sequence)];
    }

    private OfflineBuffer Open(int fixCapacity = OfflineBuffer.DefaultFixCapacity) => OfflineBuffer.Open(BufferPath, "driver", fixCapacity);

    private void Copy(string to)
    {
        // The buffer's own handle forbids others to open the file, but not to link it.
        using var cp = System.Diagnostics.Process.Start("cp", [BufferPath, to]);
        cp.WaitForExit();
        Assert.Equal(0, cp.ExitCode);
    }
}
