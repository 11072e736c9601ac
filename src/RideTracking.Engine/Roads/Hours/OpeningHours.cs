using System.Globalization;

namespace RideTracking.Engine.Roads.Hours;

/// <summary>
/// Hours as tags have them (https://wiki.openstreetmap.org/wiki/Key:opening_hours/specification): "Mo-Fr 07:00-09:00,16:00-18:00",
/// "Apr-Sep Sa,Su 10:00-24:00; PH off", "22:00-06:00", "24/7". Public and school holidays are taken for days like others, since
/// no calendar of them is known here. Years, weeks, sunrise and the like are not read. Immutable.
/// </summary>
public sealed class OpeningHours
{
    private const int DayMinutes = 24 * 60;
    private const int AllDays = 0b111_1111;

    private static readonly string[] _weekdays = ["mo", "tu", "we", "th", "fr", "sa", "su"];
    private static readonly string[] _months = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

    private readonly List<Rule> _rules;

    private OpeningHours(List<Rule> rules) => _rules = rules;

    /// <summary>Whether they are read here; null when not.</summary>
    public static OpeningHours? TryParse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var rules = new List<Rule>();
        foreach (string each in text.Split(';', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            if (Rule.TryParse(each.ToLowerInvariant()) is not { } rule)
            {
                return null;
            }

            rules.Add(rule);
        }

        return rules.Count > 0 ? new OpeningHours(rules) : null;
    }

    /// <summary>Whether a time is within them.</summary>
    /// <param name="local">By the clocks of the place.</param>
    public bool Contains(DateTime local)
    {
        int minute = local.Hour * 60 + local.Minute;
        // What begins late goes on after midnight.
        return IsWithin(local.Date, minute) || IsWithin(local.Date.AddDays(-1), minute + DayMinutes);
    }

    // Of the rules for a day the last counts.
    private bool IsWithin(DateTime day, int minute) =>
        _rules.FindLast(rule => rule.IsOn(day)) is { IsOff: false } last && last.Spans.Exists(span => minute >= span.Start && minute < span.End);

    private sealed class Rule
    {
        private readonly List<(int From, int To)> _dates = []; // month × 100 + day, both ends included; none for all
        private int _days = AllDays;
        private bool _isOnHolidaysOnly;

        /// <summary>Minutes from the day's start, up to the end of the day after.</summary>
        public List<(int Start, int End)> Spans { get; } = [];

        public bool IsOff { get; private set; }

        public bool IsOn(DateTime day)
        {
            int date = day.Month * 100 + day.Day;
            return !_isOnHolidaysOnly
                && (_days >> ((int)day.DayOfWeek + 6) % 7 & 1) != 0
                && (_dates.Count == 0 || _dates.Exists(each => each.From <= each.To
                    ? date >= each.From && date <= each.To
                    : date >= each.From || date <= each.To));
        }

        public static Rule? TryParse(string text)
        {
            var rule = new Rule();
            string[] words = text.Replace(", ", ",", StringComparison.Ordinal).Replace(" - ", "-", StringComparison.Ordinal)
                .Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (rule.TakeDates(words) is not (>= 0 and var at))
            {
                return null;
            }

            at += at < words.Length && rule.TakeDays(words[at]) ? 1 : 0;
            at += at < words.Length && rule.TakeTimes(words[at]) ? 1 : 0;
            if (at < words.Length && words[at] is "off" or "closed")
            {
                rule.IsOff = true;
                at++;
            }
            else if (at < words.Length && words[at] == "open")
            {
                at++;
            }

            if (rule.Spans.Count == 0)
            {
                rule.Spans.Add((0, DayMinutes));
            }

            return at == words.Length && words.Length > 0 ? rule : null;
        }

        // "apr-sep", "apr,may", "jun 15-sep 15", "jun 15-30": the words taken, negative when they are no dates that can be read.
        private int TakeDates(string[] words)
        {
            int count = 0;
            while (count < words.Length && (MonthOf(words[count]) > 0 || (count > 0 && char.IsAsciiDigit(words[count][0]) && !words[count].Contains(':'))))
            {
                count++;
            }

            foreach (string range in string.Join(' ', words[..count]).Split(',', StringSplitOptions.RemoveEmptyEntries))
            {
                string[] ends = range.Split('-');
                (int month, int day) first = DateOf(ends[0], 0), last = ends.Length == 2 ? DateOf(ends[1], first.month) : first;
                if (ends.Length > 2 || first.month == 0 || last.month == 0)
                {
                    return -1;
                }

                _dates.Add((first.month * 100 + Math.Max(first.day, 1), last.month * 100 + (last.day == 0 ? 31 : last.day)));
            }

            return count;
        }

        private static (int Month, int Day) DateOf(string text, int month)
        {
            string[] words = text.Split(' ');
            int named = Array.IndexOf(_months, words[0]) + 1, day = 0;
            string number = named == 0 ? words[0] : words.Length > 1 ? words[1] : "";
            return words.Length <= 2 && (number.Length == 0 || (int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out day) && day is >= 1 and <= 31))
                ? (named > 0 ? named : month, day)
                : (0, 0);
        }

        private static int MonthOf(string word) => word.Length >= 3 ? Array.IndexOf(_months, word[..3]) + 1 : 0;

        private bool TakeDays(string word)
        {
            int days = 0;
            bool isHoliday = false;
            foreach (string range in word.TrimEnd(':').Split(','))
            {
                if (range is "ph" or "sh")
                {
                    isHoliday = true;
                    continue;
                }

                string[] ends = range.Split('-');
                int first = Array.IndexOf(_weekdays, ends[0]), last = Array.IndexOf(_weekdays, ends[^1]);
                if (ends.Length > 2 || first < 0 || last < 0)
                {
                    return false;
                }

                for (int day = first; ; day = (day + 1) % 7)
                {
                    days |= 1 << day;
                    if (day == last)
                    {
                        break;
                    }
                }
            }

            (_days, _isOnHolidaysOnly) = (days, isHoliday && days == 0);
            return true;
        }

        private bool TakeTimes(string word)
        {
            if (word == "24/7")
            {
                return true;
            }

            var spans = new List<(int, int)>();
            foreach (string span in word.Split(','))
            {
                string[] ends = span.EndsWith('+') ? [span[..^1], "24:00"] : span.Split('-');
                if (ends.Length != 2 || MinuteOf(ends[0]) is not (>= 0 and var start) || MinuteOf(ends[1]) is not (>= 0 and var end))
                {
                    return false;
                }

                spans.Add((start, end > start ? end : end + DayMinutes));
            }

            Spans.AddRange(spans);
            return true;
        }

        // "7:00", "07:00", "24:00", "26:00"; negative for what is none.
        private static int MinuteOf(string text) =>
            text.Split(':') is [{ Length: 1 or 2 } hour, { Length: 2 } minute]
            && int.TryParse(hour, NumberStyles.None, CultureInfo.InvariantCulture, out int hours)
            && int.TryParse(minute, NumberStyles.None, CultureInfo.InvariantCulture, out int minutes)
            && hours <= 48 && minutes < 60
                ? hours * 60 + minutes
                : -1;
    }
}
