using System.Globalization;
using System.Net;
using System.Net.WebSockets;
using System.Text.Json;
using Google.Protobuf;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace RideTracking.Benchmarks.Wires;

/// <summary>The same service over all wires, in a process of its own.</summary>
internal static class WireServer
{
    public const string Verb = "wire-server";

    public static async Task<int> RunAsync(string[] options)
    {
        var builder = WebApplication.CreateBuilder();
        builder.Logging.SetMinimumLevel(LogLevel.Error).AddFilter("Microsoft.Hosting.Lifetime", LogLevel.Information);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Limits.Http2.MaxStreamsPerConnection = 10_000;
            kestrel.Limits.MinResponseDataRate = null;
            kestrel.Listen(IPAddress.Loopback, int.Parse(options[0], CultureInfo.InvariantCulture), port => port.Protocols = HttpProtocols.Http2);
            kestrel.Listen(IPAddress.Loopback, int.Parse(options[1], CultureInfo.InvariantCulture), port => port.Protocols = HttpProtocols.Http1);
        });
        builder.Services.AddSingleton(new WireCity());
        builder.Services.AddGrpc().AddJsonTranscoding(json => json.JsonSettings.IgnoreDefaultValues = true);
        await using var app = builder.Build();
        app.UseWebSockets();
        app.MapGrpcService<WireDispatch>();
        app.MapGrpcService<WireDriver>();
        app.MapGrpcService<WireRider>();
        app.MapGrpcService<WireService>();
        MapRest(app, app.Services.GetRequiredService<WireCity>());
        MapSoap(app, app.Services.GetRequiredService<WireCity>());
        MapSockets(app, app.Services.GetRequiredService<WireCity>());
        app.MapGet("/allocated", () => GC.GetTotalAllocatedBytes(precise: true).ToString(CultureInfo.InvariantCulture));
        app.MapGet("/poured", () => WireService.PouredBytes.ToString(CultureInfo.InvariantCulture));
        app.MapGet("/swept", () =>
        {
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
            return "";
        });
        await app.RunAsync();
        return 0;
    }

    private static void MapRest(WebApplication app, WireCity city)
    {
        app.MapPost("/rest/drivers:search", async (HttpContext context) =>
        {
            var query = await JsonSerializer.DeserializeAsync(context.Request.Body, PlainJson.Default.SearchQuery);
            await context.Response.WriteAsJsonAsync(city.Search(query!), PlainJson.Default.SearchAnswer);
        });
        app.MapPost("/rest/drivers/{driver}/locations", async (HttpContext context) =>
        {
            var report = await JsonSerializer.DeserializeAsync(context.Request.Body, PlainJson.Default.FixReport);
            await context.Response.WriteAsJsonAsync(new FixReceipt { ThroughSequence = report!.Fixes[^1].Sequence }, PlainJson.Default.FixReceipt);
        });
        app.MapGet("/rest/cars/{car:int}/position", (int car, HttpContext context) =>
            context.Response.WriteAsJsonAsync(WireCity.PlainPosition(car), PlainJson.Default.CarPosition));
    }

    private static void MapSoap(WebApplication app, WireCity city) => app.MapPost("/soap", async (HttpContext context) =>
    {
        // .NET's reader of XML reads at once, from memory.
        using var read = new MemoryStream();
        await context.Request.Body.CopyToAsync(read);
        read.Position = 0;
        var answer = SoapEnvelope.Read(read, SoapEnvelope.Of<SearchQuery>.Serializer, SoapEnvelope.Of<FixReport>.Serializer) switch
        {
            SearchQuery query => SoapEnvelope.Write(city.Search(query)),
            FixReport report => SoapEnvelope.Write(new FixReceipt { ThroughSequence = report.Fixes[^1].Sequence }),
            _ => throw new InvalidOperationException(),
        };
        context.Response.ContentType = "text/xml; charset=utf-8";
        await context.Response.Body.WriteAsync(answer);
    });

    private static void MapSockets(WebApplication app, WireCity city)
    {
        MapSocket(app, "/socket", async (socket, context) =>
        {
            var buffer = new byte[16 << 10];
            while (await socket.ReceiveAsync(buffer.AsMemory(), context.RequestAborted) is { MessageType: WebSocketMessageType.Text, Count: var length })
            {
                var call = JsonSerializer.Deserialize(buffer.AsSpan(0, length), PlainJson.Default.SocketCall)!;
                var answer = call.Search is { } query
                    ? JsonSerializer.SerializeToUtf8Bytes(city.Search(query), PlainJson.Default.SearchAnswer)
                    : JsonSerializer.SerializeToUtf8Bytes(new FixReceipt { ThroughSequence = call.Report!.Fixes[^1].Sequence }, PlainJson.Default.FixReceipt);
                await socket.SendAsync(answer.AsMemory(), WebSocketMessageType.Text, endOfMessage: true, context.RequestAborted);
            }
        });
        MapSocket(app, "/socket/cars/{car:int}", async (socket, context) =>
        {
            var car = int.Parse((string)context.GetRouteValue("car")!, CultureInfo.InvariantCulture);
            while (true)
            {
                var position = JsonSerializer.SerializeToUtf8Bytes(WireCity.PlainPosition(car), PlainJson.Default.CarPosition);
                await socket.SendAsync(position.AsMemory(), WebSocketMessageType.Text, endOfMessage: true, context.RequestAborted);
                await Task.Delay(WireCity.UntilNextMove(car), context.RequestAborted);
            }
        });
        MapSocket(app, "/socket/flood", async (socket, context) =>
        {
            var answer = city.Search(WireData.Search(city.Centers[0], results: 30)).ToByteArray();
            while (true)
            {
                await socket.SendAsync(answer.AsMemory(), WebSocketMessageType.Binary, endOfMessage: true, context.RequestAborted);
                WireService.Poured(answer.Length);
            }
        });
    }

    private static void MapSocket(WebApplication app, string path, Func<WebSocket, HttpContext, Task> serve) => app.MapGet(path, async (HttpContext context) =>
    {
        using var socket = await context.WebSockets.AcceptWebSocketAsync();
        try
        {
            await serve(socket, context);
        }
        catch (Exception e) when (e is WebSocketException or OperationCanceledException)
        {
            // The client has hung up.
        }
    });
}
