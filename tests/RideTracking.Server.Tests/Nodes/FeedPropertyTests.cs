using System.Globalization;
using System.Text;
using CsCheck;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using RideTracking.Server.Areas;
using RideTracking.Server.Store.Events;
using RideTracking.Server.Store.Feeds;
using RideTracking.Server.Telemetry;
using RideTracking.Server.Tests.Fixtures;

namespace RideTracking.Server.Tests.Nodes;

/// <summary>
/// Whatever is heard of a feed, in whichever order, how often and how late, and whatever the store forgets: memory comes to what the store has.
/// </summary>
public sealed class FeedPropertyTests
{
    private static readonly Gen<Happening[]> Days = Gen.Select(Gen.Enum<What>(), Gen.Int[0, 7], (what, number) => new Happening(what, number)).Array[1, 60];

    private enum What
    {
        CommitHere,
        CommitHereUnanswered,
        CommitElsewhere,
        Hear,
        HearAgain,
        Lose,
        Look,
        TakeIn,
        Forget,
        Expire,
    }

    [Fact]
    public async Task Memory_comes_to_what_the_store_has()
    {
        await using var server = await ServerHost.StartAsync();
        Days.Sample(
            day =>
            {
                var city = new City(server.City);
                foreach (var happening in day)
                {
                    city.Do(happening);
                }

                return city.IsSettled();
            },
            iter: 3_000, threads: 1, print: day => string.Join(" ", day.Select(h => $"{h.What}({h.Number})")));
    }

    private sealed record Happening(What What, int Number);

    /// <summary>A store with a feed and a record for each of a few ids, one node that reads it, and others that write, too.</summary>
    private sealed class City : IFeedSource
    {
        private readonly List<(EventEntry Entry, string Id, ulong Version)> _entries = [];
        private readonly List<(EventEntry Entry, byte[] Message)> _published = [];
        private readonly Dictionary<string, ulong> _memory = [];
        private readonly FeedReader _reader;
        private readonly OwnCommits _own = new();
        private int _expired;
        private bool _isReadAnew;
        private ulong _tokens;

        public City(IServiceProvider services)
        {
            var loop = services.GetRequiredService<Area>().MachineLoop("feed");
            _reader = new FeedReader(
                this, _own, Apply, _ => ReadAnew(), new FeedMetrics(services.GetRequiredService<AreaMeter>(), "test"), loop, services.GetRequiredService<ILogger<FeedReader>>());
            Wait(_reader.LookAsync(default));
        }

        public void Do(Happening happening)
        {
            switch (happening.What)
            {
                case What.CommitHere:
                    var committed = Commit(happening.Number);
                    _own.Sent(committed.Entry.At.Token);
                    _own.Answered(committed.Entry.At.Token, true);
                    Take(committed.Id, committed.Version);
                    break;
                case What.CommitHereUnanswered:
                    var unanswered = Commit(happening.Number).Entry.At.Token;
                    _own.Sent(unanswered);
                    _own.Answered(unanswered, false);
                    break;
                case What.CommitElsewhere:
                    Commit(happening.Number);
                    break;
                case What.Hear or What.HearAgain when _published.Count > 0:
                    var heard = happening.Number % _published.Count;
                    _reader.Hear(_published[heard].Message);
                    if (happening.What == What.Hear)
                    {
                        _published.RemoveAt(heard);
                    }

                    break;
                case What.Lose when _published.Count > 0:
                    _published.RemoveAt(happening.Number % _published.Count);
                    break;
                case What.Look:
                    Wait(_reader.LookAsync(default));
                    _isReadAnew = false;
                    break;
                case What.TakeIn:
                    Wait(_reader.TakeInAsync(default));
                    break;
                // Not tried: a store that forgets twice within a second. A store that forgets breaks its connections, and after each break all is read anew.
                case What.Forget when !_isReadAnew:
                    // What a store has forgotten it published, and that may still be on its way; but not after what it publishes since.
                    _entries.RemoveRange(_entries.Count - Math.Min(happening.Number, _entries.Count - _expired), Math.Min(happening.Number, _entries.Count - _expired));
                    _published.Clear();
                    break;
                case What.Expire:
                    _expired = Math.Min(_entries.Count, _expired + happening.Number);
                    break;
            }
        }

        /// <summary>A second or two later.</summary>
        public bool IsSettled()
        {
            for (var look = 0; look < 3; look++)
            {
                Wait(_reader.LookAsync(default));
            }

            return Stored().OrderBy(r => r.Key).SequenceEqual(_memory.OrderBy(r => r.Key));
        }

        public Task<EventPosition> HeadAsync() => Task.FromResult(_entries.Count == 0 ? default : _entries[^1].Entry.At);

        public Task<IReadOnlyList<EventEntry>> ReadAsync(ulong afterNumber) =>
            Task.FromResult<IReadOnlyList<EventEntry>>([.. _entries.Skip(_expired).Select(e => e.Entry).Where(e => e.At.Number > afterNumber).Take(3)]);

        private (EventEntry Entry, string Id, ulong Version) Commit(int id)
        {
            var before = _entries.Count == 0 ? default : _entries[^1].Entry.At;
            var (at, name) = (new EventPosition(before.Number + 1, ++_tokens), $"r{id}");
            var version = Stored().GetValueOrDefault(name) + 1;
            var message = Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{at.Number} {at.Token:x} {before.Token:x} {name} {version}"));
            _entries.Add((FeedEntries.Parse(message), name, version));
            _published.Add((_entries[^1].Entry, message));
            return _entries[^1];
        }

        private Dictionary<string, ulong> Stored() => _entries.GroupBy(e => e.Id, StringComparer.Ordinal).ToDictionary(e => e.Key, e => e.Last().Version, StringComparer.Ordinal);

        private void Apply(EventEntry entry)
        {
            var parts = Encoding.ASCII.GetString(entry.Record.Span).Split(' ');
            Take(parts[0], ulong.Parse(parts[1], CultureInfo.InvariantCulture));
        }

        // As records are taken in everywhere: the newest version wins.
        private void Take(string id, ulong version)
        {
            if (_memory.GetValueOrDefault(id) < version)
            {
                _memory[id] = version;
            }
        }

        private void ReadAnew()
        {
            _isReadAnew = true;
            _memory.Clear();
            foreach (var (id, version) in Stored())
            {
                _memory[id] = version;
            }
        }

        private static void Wait(Task done) => Assert.True(done.IsCompletedSuccessfully);
    }
}
