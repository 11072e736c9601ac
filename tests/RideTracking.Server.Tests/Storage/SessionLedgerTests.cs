using RideTracking.Engine.Ingest;
using RideTracking.Server.Log;

namespace RideTracking.Server.Tests.Storage;

public sealed class SessionLedgerTests
{
    [Fact]
    public void While_the_store_may_have_forgotten_nothing_more_is_acknowledged_and_what_it_lost_is_asked_for()
    {
        var ledger = Logged(3);
        ledger.Doubt();
        ledger.RequestAck();
        Assert.Null(ledger.TakeAck());
        Assert.False(ledger.IsAllLogged);

        ledger.Resume(Claim(through: 1));
        Assert.Equal(1UL, ledger.TakeResendAfter());
    }

    [Fact]
    public void Who_was_told_where_to_begin_before_the_store_forgot_is_told_again()
    {
        var ledger = Logged(2);
        Assert.True(ledger.Append(new Fix { Sequence = 3 }, FixVerdict.Accepted, out var run));
        Assert.True(ledger.Forget(3, run));
        Assert.Equal(2UL, ledger.TakeResendAfter());
        ledger.Doubt();
        ledger.Resume(Claim(through: 1));

        // What is on its way yet begins where it was told before.
        ledger.BeginAgain(2);
        Assert.True(ledger.IsBroken);
        Assert.Equal(1UL, ledger.TakeResendAfter());
        ledger.BeginAgain(1);
        Assert.False(ledger.IsBroken);
    }

    // Sent to two nodes while the store was away, which judge by what they had seen of the driver each.
    [Fact]
    public void What_another_node_has_accepted_is_not_told_as_rejected_by_the_one_that_could_not_ask()
    {
        var ledger = WithoutStore();
        var rejected = FixVerdict.Rejected(FixRejectReason.TooInaccurate, 0.1, 0.2);
        var fixes = Enumerable.Range(1, 3).Select(i => FixOf((ulong)i, content: i)).ToArray();
        foreach (var fix in fixes)
        {
            ledger.Observe(fix.Sequence, fix.ContentHash(), out _);
            Assert.True(ledger.Append(fix, rejected, out _));
        }

        ledger.RequestAck();
        Assert.Empty(ledger.TakeAck()?.Verdicts ?? []);
        // The first is in the log, accepted; the others are not.
        ledger.Resume(Claim(through: 1) with { Contents = [new SequenceContent(1, fixes[0].ContentHash())] });
        ledger.Logged(3);
        Assert.Equal([2UL, 3UL], ledger.TakeAck()!.Value.Verdicts.Select(v => v.Sequence));
    }

    // Sent to two nodes while the store was away: the one had the driver and wrote them late, the other asks only then.
    [Fact]
    public void What_another_node_wrote_late_is_known_for_what_it_is_however_much_it_was()
    {
        const int fixes = 300;
        var (logged, ledger) = (new LoggedDriver("d"), WithoutStore());
        for (ulong sequence = 1; sequence <= fixes; sequence++)
        {
            var fix = FixOf(sequence, content: (int)sequence);
            fix.FixedAtUnixMs = 1_000_000;
            logged.Take(new LoggedFix(new LogConnection("d", "s", 1, 64), fix, FixVerdict.Accepted, default), loggedAtUnixMs: 1_020_000);
            Assert.True(Take(ledger, fix, out _));
        }

        ledger.Resume(Resumed(1_020_000));
        Assert.Equal((ulong)fixes, ledger.LoggedThrough);
        Assert.Empty(ledger.TakeVerdicts());
        logged.Trim(1_100_000);
        Assert.Equal(fixes, Resumed(1_100_000).Contents.Count);
        logged.Trim(1_150_000);
        Assert.Equal(64, Resumed(1_150_000).Contents.Count);

        ConnectionClaim Resumed(long now) => logged.Resume(new DriverClaim(2, "w"), "s", now);
    }

    [Fact]
    public void A_rejection_is_told_again_to_who_has_not_heard_of_it()
    {
        var ledger = Logged(1);
        ledger.TakeAck();
        Assert.Equal(SequenceNovelty.New, ledger.Observe(2, 7, out _));
        ledger.Reject(2, FixVerdict.Rejected(FixRejectReason.TooInaccurate, 500, 900));
        Assert.Equal(2UL, Assert.Single(ledger.TakeAck()!.Value.Verdicts).Sequence);
        Assert.Null(ledger.TakeAck());

        Assert.Equal(SequenceNovelty.Resent, ledger.Observe(2, 7, out _));
        Assert.Equal(2UL, Assert.Single(ledger.TakeAck()!.Value.Verdicts).Sequence);
    }

    [Fact]
    public void A_rejection_that_the_store_knows_is_told_also_to_who_sends_again_and_is_not_rejected_now()
    {
        var ledger = WithoutStore();
        var (first, second) = (FixOf(1, content: 1), FixOf(2, content: 2));
        Assert.True(Take(ledger, first, out var run));
        Assert.True(ledger.Forget(1, run));
        var rejection = new SequencedVerdict(2, FixVerdict.Rejected(FixRejectReason.TooInaccurate, 0.1, 0.2));
        ledger.Resume(Claim(through: 2) with { Rejections = [rejection], Contents = [ContentOf(first), ContentOf(second)] });
        Assert.Equal(1UL, ledger.TakeResendAfter());

        ledger.BeginAgain(1);
        Assert.False(Take(ledger, second, out _));
        var ack = ledger.TakeAck()!.Value;
        Assert.Equal(2UL, ack.Through);
        Assert.Equal([rejection], ack.Verdicts);
    }

    [Fact]
    public void What_was_refused_as_another_s_number_is_not_taken_for_what_the_log_has()
    {
        var ledger = WithoutStore();
        var (logged, next) = (FixOf(1, content: 1), FixOf(3, content: 4));
        Assert.True(Take(ledger, FixOf(1, content: 2), out _));
        Assert.True(Take(ledger, FixOf(2, content: 3), out _));
        ledger.Resume(Claim(through: 2) with { Contents = [ContentOf(logged)] });
        Assert.Equal([1UL, 2], ledger.TakeVerdicts().Where(v => v.Verdict.Reason == FixRejectReason.SequenceReused).Select(v => v.Sequence));

        Assert.True(Take(ledger, next, out _));
        Assert.Equal(SequenceNovelty.Resent, ledger.Observe(1, logged.ContentHash(), out _));
        Assert.Equal(SequenceNovelty.Reused, ledger.Observe(2, FixOf(2, content: 3).ContentHash(), out _));
    }

    private static SessionLedger WithoutStore() => new(null, 64, TestCarriers.Pace, TimeProvider.System);

    private static Fix FixOf(ulong sequence, int content) => new() { Sequence = sequence, LatitudeE7 = content, FixedAtUnixMs = 1 };

    private static SequenceContent ContentOf(Fix fix) => new(fix.Sequence, fix.ContentHash());

    private static bool Take(SessionLedger ledger, in Fix fix, out int run)
    {
        Assert.Equal(SequenceNovelty.New, ledger.Observe(fix.Sequence, fix.ContentHash(), out _));
        return ledger.Append(fix, FixVerdict.Accepted, out run);
    }

    private static ConnectionClaim Claim(ulong through) => new(new DriverClaim(1, "w"), through, null, null, [], []);

    private static SessionLedger Logged(ulong through)
    {
        var ledger = new SessionLedger(Claim(0), 64, TestCarriers.Pace, TimeProvider.System);
        for (ulong sequence = 1; sequence <= through; sequence++)
        {
            ledger.Observe(sequence, (uint)sequence, out _);
            ledger.Append(new Fix { Sequence = sequence }, FixVerdict.Accepted, out _);
        }

        ledger.Logged(through);
        return ledger;
    }
}
