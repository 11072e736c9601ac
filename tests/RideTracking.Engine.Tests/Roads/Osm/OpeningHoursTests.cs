using System.Globalization;
using RideTracking.Engine.Roads.Hours;
using RideTracking.Engine.Roads.Osm;

namespace RideTracking.Engine.Tests.Roads.Osm;

/// <summary>Hours and other conditions as tags have them. 2026-06-01 is a Monday.</summary>
public class OpeningHoursTests
{
    [Theory]
    [InlineData("24/7", "2026-06-03 03:00", true)]
    [InlineData("07:00-09:00", "2026-06-03 07:00", true)]
    [InlineData("07:00-09:00", "2026-06-03 08:59", true)]
    [InlineData("07:00-09:00", "2026-06-03 09:00", false)]
    [InlineData("7:00-9:00", "2026-06-03 08:00", true)]
    [InlineData("07:00-09:00,16:00-18:00", "2026-06-03 17:00", true)]
    [InlineData("07:00-09:00, 16:00-18:00", "2026-06-03 17:00", true)]
    [InlineData("07:00-09:00,16:00-18:00", "2026-06-03 12:00", false)]
    [InlineData("Mo - Fr 07:00 - 09:00", "2026-06-03 08:00", true)]
    [InlineData("20:00+", "2026-06-03 23:30", true)]
    // Days of the week, around its end too.
    [InlineData("Mo-Fr 07:00-09:00", "2026-06-05 08:00", true)]
    [InlineData("Mo-Fr 07:00-09:00", "2026-06-06 08:00", false)]
    [InlineData("Sa,Su", "2026-06-07 23:59", true)]
    [InlineData("Sa,Su", "2026-06-01 00:00", false)]
    [InlineData("Fr-Mo 10:00-12:00", "2026-06-07 11:00", true)]
    [InlineData("Fr-Mo 10:00-12:00", "2026-06-04 11:00", false)]
    [InlineData("mo-fr 07:00-09:00", "2026-06-05 08:00", true)]
    // Nights belong to the day on which they begin.
    [InlineData("22:00-06:00", "2026-06-03 23:00", true)]
    [InlineData("22:00-06:00", "2026-06-03 05:59", true)]
    [InlineData("22:00-06:00", "2026-06-03 06:00", false)]
    [InlineData("Fr 22:00-06:00", "2026-06-06 03:00", true)]
    [InlineData("Fr 22:00-06:00", "2026-06-05 03:00", false)]
    [InlineData("Fr 18:00-26:00", "2026-06-06 01:30", true)]
    // Seasons, around the end of the year too.
    [InlineData("Apr-Sep 10:00-18:00", "2026-06-03 12:00", true)]
    [InlineData("Apr-Sep 10:00-18:00", "2026-10-03 12:00", false)]
    [InlineData("Oct-Mar", "2026-01-03 12:00", true)]
    [InlineData("Oct-Mar", "2026-06-03 12:00", false)]
    [InlineData("Jun,Aug Mo-Fr", "2026-07-01 12:00", false)]
    [InlineData("Jun 15-Sep 15", "2026-06-14 12:00", false)]
    [InlineData("Jun 15-Sep 15", "2026-09-15 12:00", true)]
    [InlineData("Jun 1-10 10:00-18:00", "2026-06-10 12:00", true)]
    [InlineData("Dec 24", "2026-12-24 12:00", true)]
    [InlineData("Dec 24", "2026-12-25 12:00", false)]
    // Of the rules for a day the last counts; holidays are days like others.
    [InlineData("10:00-18:00; Su off", "2026-06-07 12:00", false)]
    [InlineData("10:00-18:00; Su off", "2026-06-06 12:00", true)]
    [InlineData("10:00-18:00; Su 12:00-14:00", "2026-06-07 11:00", false)]
    [InlineData("Mo-Sa 10:00-18:00; PH off", "2026-06-03 12:00", true)]
    [InlineData("PH,Su 10:00-18:00", "2026-06-07 12:00", true)]
    [InlineData("PH 10:00-18:00", "2026-06-07 12:00", false)]
    public void Hours_are_read_as_they_are_meant(string text, string time, bool isWithin) =>
        Assert.Equal(isWithin, OpeningHours.TryParse(text)!.Contains(DateTime.Parse(time, CultureInfo.InvariantCulture)));

    [Theory]
    [InlineData("")]
    [InlineData(";")]
    [InlineData("soon")]
    [InlineData("Mo-Xx")]
    [InlineData("sunrise-sunset")]
    [InlineData("Mo-Fr 07:00")]
    [InlineData("07:00-09:61")]
    [InlineData("2026 Mo-Fr")]
    [InlineData("week 1-20 Mo")]
    [InlineData("Jun 32")]
    [InlineData("June")]
    [InlineData("Mo[1] 10:00-12:00")]
    [InlineData("Mo-Fr 10:00-12:00 \"by appointment\"")]
    [InlineData("10:00-12:00; dusk")]
    public void What_cannot_be_read_is_not_guessed(string text) => Assert.Null(OpeningHours.TryParse(text));

    [Theory]
    [InlineData("no @ (Mo-Fr 07:00-09:00)", "no AtHours Mo-Fr 07:00-09:00")]
    [InlineData("no @ Mo-Fr 07:00-09:00", "no AtHours Mo-Fr 07:00-09:00")]
    [InlineData("no@22:00-06:00", "no AtHours 22:00-06:00")]
    [InlineData("no @ (Mo 10:00-12:00; Tu 11:00-13:00)", "no AtHours Mo 10:00-12:00; Tu 11:00-13:00")]
    [InlineData("no @ Mo 10:00-12:00; Tu 11:00-13:00", "no AtHours Mo 10:00-12:00; Tu 11:00-13:00")]
    [InlineData("no @ (10:00-12:00); yes @ (Su)", "no AtHours 10:00-12:00|yes AtHours Su")]
    // A car weighs two tonnes, and is 1.9 m wide, 2 m high and 4.8 m long.
    [InlineData("no @ (weight>7.5)", "no Never ")]
    [InlineData("no @ (weight < 3.5 t)", "no Always ")]
    [InlineData("no @ (length>12 m)", "no Never ")]
    [InlineData("no @ (height>6'6\")", "no Always ")]
    [InlineData("no @ (weight>7.5 AND Mo-Fr)", "no Never ")]
    [InlineData("no @ (Mo-Fr AND weight<7.5)", "no AtHours Mo-Fr")]
    [InlineData("no @ (wet)", "no Unknown ")]
    [InlineData("no @ (occupants<2)", "no Unknown ")]
    [InlineData("no @ (weight>=3.5)", "no Never ")]
    [InlineData("no @ (axles=2)", "no Unknown ")]
    [InlineData("no @ (snow AND Mo-Fr)", "no Unknown ")]
    [InlineData("no @ (snow AND weight>7.5)", "no Never ")]
    [InlineData("no @ (sunset-sunrise)", "no Unknown ")]
    [InlineData("no @ (", "no Unknown ")]
    [InlineData("no", " Unknown ")]
    [InlineData("", "")]
    [InlineData("; ;", "")]
    public void Conditions_are_told_apart_by_what_a_car_knows(string tag, string conditions) => Assert.Equal(
        conditions, string.Join('|', Condition.Parse(tag).Select(each => $"{each.Value} {each.Kind} {each.Hours}")));
}
