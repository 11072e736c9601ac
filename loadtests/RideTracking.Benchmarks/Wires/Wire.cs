using System.Text.Json;
using Google.Protobuf;
using RideTracking.Engine.Geo;
using RideTracking.V1;

namespace RideTracking.Benchmarks.Wires;

/// <summary>A way to call the service.</summary>
/// <param name="Name">What it is called in the table.</param>
/// <param name="Search">The ten nearest drivers: a caller's calls.</param>
/// <param name="Report">A fix: a driver's calls.</param>
internal sealed record Wire(string Name, Func<WireClient, int, Task<Call>> Search, Func<WireClient, int, Task<Call>> Report)
{
    private static readonly GeoPoint[] Centers = [.. new WireCity().Centers];

    public static Wire[] All { get; } =
    [
        new(
            "gRPC stream",
            (client, caller) => Task.FromResult(client.GrpcStream(Searches(caller, c => WireData.Search(c)), client.Open(WireMethods.Search))),
            (client, driver) => Task.FromResult(client.GrpcStream(Fixes(s => new ConnectRequest { Locations = WireData.Fix(s) }), client.Driver().Connect(client.Headers)))),
        new(
            "gRPC unary",
            (client, caller) => Task.FromResult(client.GrpcUnary(Searches(caller, c => WireData.Search(c)), (r, h) => client.Dispatch().SearchDriversAsync(r, h))),
            (client, driver) => Task.FromResult(client.GrpcUnary(Fixes(s => WireData.Report(driver, s)), (r, h) => client.Driver().ReportLocationsAsync(r, h)))),
        Rest("REST/JSON by hand, HTTP/2", client => client.RestOverHttp2),
        Rest("REST/JSON by hand, HTTP/1.1", client => client.RestOverHttp1),
        new(
            "REST/JSON transcoded, HTTP/1.1",
            (client, caller) => Task.FromResult(client.Post(
                client.RestOverHttp1, "/v1/dispatch/drivers:search", Searches(caller, c => Json(WireData.Search(c))), Parsed<SearchDriversResponse>())),
            (client, driver) => Task.FromResult(client.Post(
                client.RestOverHttp1, $"/v1/drivers/{WireData.DriverId(driver)}/locations", Fixes(s => Json(WireData.Report(driver, s))),
                Parsed<ReportLocationsResponse>()))),
        new(
            "JSON over WebSocket",
            async (client, caller) => WireClient.Over(
                await client.SocketAsync("/socket"), Searches(caller, c => new SocketCall { Search = WireData.PlainSearch(c) }),
                answer => JsonSerializer.Deserialize(answer, PlainJson.Default.SearchAnswer)),
            async (client, driver) => WireClient.Over(
                await client.SocketAsync("/socket"), Fixes(s => new SocketCall { Report = WireData.PlainReport(driver, s) }),
                answer => JsonSerializer.Deserialize(answer, PlainJson.Default.FixReceipt))),
        new(
            "SOAP/XML, HTTP/1.1",
            (client, caller) => Task.FromResult(client.Post(
                client.RestOverHttp1, "/soap", Searches(caller, c => SoapEnvelope.Write(WireData.PlainSearch(c))), FromSoap<SearchAnswer>, "text/xml")),
            (client, driver) => Task.FromResult(client.Post(
                client.RestOverHttp1, "/soap", Fixes(s => SoapEnvelope.Write(WireData.PlainReport(driver, s))), FromSoap<FixReceipt>, "text/xml"))),
    ];

    private static Wire Rest(string name, Func<WireClient, Uri> at) => new(
        name,
        (client, caller) => Task.FromResult(client.Post(
            at(client), "/rest/drivers:search",
            Searches(caller, c => JsonSerializer.SerializeToUtf8Bytes(WireData.PlainSearch(c), PlainJson.Default.SearchQuery)),
            answer => JsonSerializer.Deserialize(answer, PlainJson.Default.SearchAnswer))),
        (client, driver) => Task.FromResult(client.Post(
            at(client), $"/rest/drivers/{WireData.DriverId(driver)}/locations",
            Fixes(s => JsonSerializer.SerializeToUtf8Bytes(WireData.PlainReport(driver, s), PlainJson.Default.FixReport)),
            answer => JsonSerializer.Deserialize(answer, PlainJson.Default.FixReceipt))));

    // Of a caller: the same places in the same order over every wire.
    private static Func<T> Searches<T>(int caller, Func<GeoPoint, T> of)
    {
        var next = caller * 97;
        return () => of(Centers[next++ % Centers.Length]);
    }

    private static Func<T> Fixes<T>(Func<ulong, T> of)
    {
        // In the middle of a shift.
        var sequence = 5_000UL;
        return () => of(sequence++);
    }

    private static byte[] Json(IMessage message) => System.Text.Encoding.UTF8.GetBytes(JsonFormatter.Default.Format(message));

    private static Func<byte[], object?> Parsed<T>()
        where T : IMessage, new() => answer => JsonParser.Default.Parse<T>(System.Text.Encoding.UTF8.GetString(answer));

    private static object FromSoap<T>(byte[] answer) => SoapEnvelope.Read(new MemoryStream(answer), SoapEnvelope.Of<T>.Serializer);
}
