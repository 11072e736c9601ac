using CsCheck;
using RideTracking.Engine.Ingest;

namespace RideTracking.Engine.Tests.Ingest;

public class SequenceWindowTests
{
    [Fact]
    public void A_rising_sequence_is_new_gaps_or_not()
    {
        var window = new SequenceWindow();
        foreach (ulong sequence in (ulong[])[1, 2, 3, 10, 11, 1_000_000, ulong.MaxValue])
        {
            Assert.Equal(SequenceNovelty.New, window.Observe(sequence, 1));
            Assert.Equal(sequence, window.HighestSequence);
        }
    }

    [Fact]
    public void The_same_content_again_is_a_resend_and_other_content_is_not()
    {
        var window = new SequenceWindow();
        window.Observe(1, 11);
        window.Observe(5, 55);
        Assert.Equal(SequenceNovelty.Resent, window.Observe(1, 11));
        Assert.Equal(SequenceNovelty.Resent, window.Observe(5, 55));
        Assert.Equal(SequenceNovelty.Reused, window.Observe(1, 12));
        Assert.Equal(SequenceNovelty.Reused, window.Observe(5, 56));
        Assert.Equal(SequenceNovelty.Reused, window.Observe(3, 33)); // skipped when its turn was
        Assert.Equal(SequenceNovelty.Reused, window.Observe(0, 0));
    }

    [Fact]
    public void What_was_before_the_resume_point_is_a_number_used_twice()
    {
        var window = new SequenceWindow(resumeAfterSequence: 100);
        Assert.Equal(SequenceNovelty.Reused, window.Observe(100, 1));
        Assert.Equal(SequenceNovelty.Reused, window.Observe(7, 1));
        Assert.Equal(SequenceNovelty.New, window.Observe(101, 1));
        Assert.Equal(SequenceNovelty.Reused, window.Observe(100, 1));
        Assert.Equal(SequenceNovelty.Resent, window.Observe(101, 1));
    }

    [Fact]
    public void What_was_stored_of_the_last_ones_is_known_by_its_content()
    {
        var window = new SequenceWindow(resumeAfterSequence: 100, capacity: 3, [new SequenceContent(98, 7), new SequenceContent(100, 8)]);
        Assert.Equal(SequenceNovelty.Reused, window.Observe(97, 7));
        Assert.Equal(SequenceNovelty.Resent, window.Observe(98, 7));
        Assert.Equal(SequenceNovelty.Reused, window.Observe(98, 8));
        Assert.Equal(SequenceNovelty.Reused, window.Observe(99, 7));
        Assert.Equal(SequenceNovelty.Resent, window.Observe(100, 8));
        Assert.Equal(SequenceNovelty.New, window.Observe(101, 1));
        Assert.Equal(SequenceNovelty.New, window.Observe(102, 1));
        Assert.Equal(SequenceNovelty.Reused, window.Observe(98, 7));
        Assert.Equal(SequenceNovelty.Resent, window.Observe(100, 8));
    }

    [Fact]
    public void What_was_taken_for_new_and_was_another_s_stands_for_that()
    {
        // The ring has gone round.
        var window = new SequenceWindow(capacity: 4);
        foreach (ulong sequence in (ulong[])[1, 2, 3, 4, 6, 7])
        {
            window.Observe(sequence, 1);
        }

        window.Correct(4, 44);
        window.Correct(6, null);
        window.Correct(5, 55); // not seen
        window.Correct(1, 11); // too long ago
        List<SequenceContent> contents = [];
        window.CopyTo(contents, after: 0, through: 10);
        Assert.Equal([new(3, 1), new(4, 44), new(7, 1)], contents);
        Assert.Equal(SequenceNovelty.Reused, window.Observe(4, 1));
        Assert.Equal(SequenceNovelty.Resent, window.Observe(4, 44));
        Assert.Equal(SequenceNovelty.Reused, window.Observe(6, 1));
        Assert.Equal(SequenceNovelty.New, window.Observe(8, 1));
        Assert.Equal(SequenceNovelty.New, window.Observe(9, 1));
        Assert.Equal(SequenceNovelty.Reused, window.Observe(3, 1));
        Assert.Equal(SequenceNovelty.Resent, window.Observe(4, 44));
    }

    [Fact]
    public void What_is_remembered_between_two_sequences_is_told_in_order()
    {
        var window = new SequenceWindow(capacity: 3);
        foreach (ulong sequence in (ulong[])[1, 2, 5, 9])
        {
            window.Observe(sequence, (uint)sequence);
        }

        var contents = new List<SequenceContent>();
        window.CopyTo(contents, after: 0, through: 8);
        Assert.Equal([new SequenceContent(2, 2), new SequenceContent(5, 5)], contents);
    }

    [Fact]
    public void A_phone_that_begins_again_is_not_believed()
    {
        var window = new SequenceWindow();
        for (ulong sequence = 1; sequence <= 200; sequence++)
        {
            window.Observe(sequence, 1);
        }

        for (ulong sequence = 1; sequence <= 50; sequence++)
        {
            Assert.Equal(SequenceNovelty.Reused, window.Observe(sequence, 2));
        }
    }

    [Fact]
    public void What_is_forgotten_may_come_again()
    {
        var window = new SequenceWindow();
        for (ulong sequence = 1; sequence <= 10; sequence++)
        {
            window.Observe(sequence, (uint)sequence);
        }

        window.ForgetAfter(7);
        Assert.Equal(SequenceNovelty.Resent, window.Observe(7, 7));
        Assert.Equal(SequenceNovelty.New, window.Observe(8, 80));
        Assert.Equal(SequenceNovelty.Resent, window.Observe(8, 80));
        window.ForgetAfter(500);
        Assert.Equal(8UL, window.HighestSequence);
    }

    [Fact]
    public void It_agrees_with_a_plain_list_of_the_last_64()
    {
        var operation = Gen.Select(Gen.Int[-90, 5], Gen.UInt[0, 1], Gen.Int[0, 40]);
        operation.Array[1, 400].Sample(operations =>
        {
            var window = new SequenceWindow(resumeAfterSequence: 3);
            var seen = new List<(ulong Sequence, uint Hash)>();
            ulong highest = 3;
            foreach ((int step, uint hash, int forget) in operations)
            {
                if (forget == 0)
                {
                    ulong after = highest > 80 ? highest - (ulong)Math.Abs(step) % 80 : highest / 2;
                    window.ForgetAfter(after);
                    seen.RemoveAll(other => other.Sequence > after);
                    highest = after;
                    continue;
                }

                // Mostly forwards, now and then back.
                long target = step < -60 || step > 0 ? (long)highest + Math.Abs(step % 5) + 1 : (long)highest + step;
                ulong sequence = (ulong)Math.Max(1, target);
                SequenceNovelty expected =
                    sequence > highest ? SequenceNovelty.New
                    : seen.Contains((sequence, hash)) ? SequenceNovelty.Resent
                    : SequenceNovelty.Reused;
                Assert.Equal(expected, window.Observe(sequence, hash));
                if (expected == SequenceNovelty.New)
                {
                    seen.Add((sequence, hash));
                    highest = sequence;
                    if (seen.Count > 64)
                    {
                        seen.RemoveAt(0);
                    }
                }

                Assert.Equal(highest, window.HighestSequence);
            }
        });
    }

    [Fact]
    public void Any_difference_but_the_sequence_is_another_content()
    {
        var fix = new Fix { Sequence = 1, SensorTimeUnixMs = 1_000, LatitudeE7 = 10, LongitudeE7 = 20, HorizontalAccuracyMeters = 3 };
        Fix[] others =
        [
            fix with { SensorTimeUnixMs = 1_001 },
            fix with { LatitudeE7 = 20, LongitudeE7 = 10 },
            fix with { HorizontalAccuracyMeters = float.NaN },
            fix with { CourseDegrees = 0 },
            fix with { SpeedMetersPerSecond = 0 },
            fix with { AltitudeMeters = 0 },
            fix with { IsMock = true },
        ];
        Assert.Equal(others.Length + 1, others.Append(fix).Select(other => other.ContentHash()).Distinct().Count());
        Assert.Equal(fix.ContentHash(), (fix with { Sequence = 2, FixedAtUnixMs = 9 }).ContentHash());
    }
}
