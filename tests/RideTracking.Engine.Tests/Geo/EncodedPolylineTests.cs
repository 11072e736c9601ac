using CsCheck;
using RideTracking.Engine.Geo;

namespace RideTracking.Engine.Tests.Geo;

public class EncodedPolylineTests
{
    // The example of Google's documentation of the format.
    private const string Example = "_p~iF~ps|U_ulLnnqC_mqNvxq`@";
    private static readonly GeoPoint[] ExamplePoints = [new(38.5, -120.2), new(40.7, -120.95), new(43.252, -126.453)];

    [Fact]
    public void Encodes_the_documented_example() => Assert.Equal(Example, EncodedPolyline.Encode(ExamplePoints));

    [Fact]
    public void Decodes_the_documented_example() => Assert.Equal(ExamplePoints, EncodedPolyline.Decode(Example));

    [Fact]
    public void No_points_are_the_empty_text()
    {
        Assert.Equal("", EncodedPolyline.Encode([]));
        Assert.Empty(EncodedPolyline.Decode(""));
    }

    [Fact]
    public void What_is_decoded_is_within_half_a_unit_of_what_was_encoded() =>
        Places.Anywhere.Array[0, 50].Sample(points =>
        {
            GeoPoint[] decoded = EncodedPolyline.Decode(EncodedPolyline.Encode(points));
            Assert.Equal(points.Length, decoded.Length);
            for (int i = 0; i < points.Length; i++)
            {
                Assert.Equal(points[i].LatitudeDegrees, decoded[i].LatitudeDegrees, 0.50001e-5);
                Assert.Equal(points[i].LongitudeDegrees, decoded[i].LongitudeDegrees, 0.50001e-5);
            }
        });

    [Theory]
    [InlineData("_")] // ends within a number
    [InlineData("_p~iF")] // a latitude without a longitude
    [InlineData("_p~iF~ps|U_")]
    [InlineData("\u0001?")] // not a character of the format
    [InlineData("é?")]
    [InlineData("~~~~~~~~~~~~?")] // a number of more than 32 bits
    [InlineData("_p~iF_____U")] // a place that is not on earth
    public void What_is_no_polyline_is_refused(string text) =>
        Assert.Throws<FormatException>(() => EncodedPolyline.Decode(text));

    [Fact]
    public void Decoding_anything_gives_places_on_earth_or_is_refused() =>
        Gen.Char[(char)60, (char)130].Array[0, 40].Sample(characters =>
        {
            try
            {
                return EncodedPolyline.Decode(new string(characters)).All(point => point.IsValid);
            }
            catch (FormatException)
            {
                return true;
            }
        });
}
