using System.Collections;
using System.Collections.Immutable;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using Google.Protobuf.WellKnownTypes;
using Google.Rpc;
using Google.Type;
using Grpc.Core;
using RideTracking.Server.Access;
using RideTracking.Server.Tests.Access;
using RideTracking.Server.Tests.Fixtures;
using RideTracking.V1;

namespace RideTracking.Server.Tests.Api;

/// <summary>What holds of every request of every RPC, found by walking the contract.</summary>
public sealed class RequestRulesTests
{
    private static readonly Marshaller<byte[]> Bytes = Marshallers.Create(message => message, message => message);

    // What breaks the rules that these types have of themselves.
    private static readonly Dictionary<MessageDescriptor, IMessage[]> Broken = new()
    {
        [Timestamp.Descriptor] =
        [
            new Timestamp { Nanos = -1 }, new Timestamp { Nanos = 2_000_000_000 }, new Timestamp { Seconds = -62_135_596_801 },
            new Timestamp { Seconds = 253_402_300_800 }, new Timestamp { Seconds = long.MinValue }, new Timestamp { Seconds = long.MaxValue },
        ],
        [Duration.Descriptor] =
        [
            new Duration { Nanos = 2_000_000_000 }, new Duration { Nanos = int.MinValue }, new Duration { Seconds = 1, Nanos = -1 },
            new Duration { Seconds = -1, Nanos = 1 }, new Duration { Seconds = 315_576_000_001 }, new Duration { Seconds = long.MinValue },
        ],
        [Money.Descriptor] =
        [
            new Money { CurrencyCode = "EUR", Units = 1, Nanos = -1 }, new Money { CurrencyCode = "EUR", Units = -1, Nanos = 1 },
            new Money { CurrencyCode = "EUR", Nanos = 1_000_000_000 }, new Money { Units = 1 }, new Money { CurrencyCode = "eur" },
        ],
        [LatLng.Descriptor] =
        [
            new LatLng { Latitude = double.NaN }, new LatLng { Latitude = 91 }, new LatLng { Longitude = -181 }, new LatLng { Longitude = double.PositiveInfinity },
        ],
    };

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_is_no_message_is_the_callers_fault_and_no_error_of_the_server()
    {
        await using var server = await ServerHost.StartAsync();
        var service = server.TokenOf(Role.Service, "backend");
        foreach (var method in Contract.Methods)
        {
            // Who may say more than one thing is asked who it is first.
            foreach (var headers in (Metadata[])(method.IsClientStreaming ? [service] : [service, []]))
            {
                foreach (var rubbish in (byte[][])[[0xff], [0x0a, 0x7f, 1], [.. Enumerable.Repeat((byte)0xff, 40)], [0x0b]])
                {
                    var refused = await CallAsync(server.Channel(), method, rubbish, headers);
                    Assert.Equal((method.FullName, StatusCode.InvalidArgument), (method.FullName, refused.StatusCode));
                    Assert.Single(refused.GetRpcStatus()!.GetDetail<BadRequest>()!.FieldViolations);
                }
            }
        }
    }

    [Fact]
    public async Task Well_known_types_that_break_their_own_rules_are_named_wherever_they_stand()
    {
        await using var server = await ServerHost.StartAsync();
        var service = server.TokenOf(Role.Service, "backend");
        List<string> walked = [];
        foreach (var method in Contract.Methods.Where(m => m.InputType != ConnectRequest.Descriptor))
        {
            foreach (var (path, type, put) in PathsOf(method.InputType, []))
            {
                walked.Add($"{method.Name}.{path}");
                foreach (var broken in Broken[type])
                {
                    var request = New(method.InputType);
                    put(request, broken);
                    var refused = await CallAsync(server.Channel(), method, request.ToByteArray(), service);
                    Assert.Equal((walked[^1], broken, StatusCode.InvalidArgument), (walked[^1], broken, refused.StatusCode));
                    Assert.All(
                        refused.GetRpcStatus()!.GetDetail<BadRequest>()!.FieldViolations,
                        violation => Assert.StartsWith(path, violation.Field, StringComparison.Ordinal));
                }
            }
        }

        // So that it is seen when the walk goes past something.
        foreach (var known in (string[])
            ["RequestTrip.terms.scheduled_for", "RequestTrip.terms.fare_estimate", "RequestTrip.waypoints[0].location", "SearchDrivers.filter.max_fix_age",
                "WatchFleet.min_frame_interval", "SetRoadClosures.closures[0].path[0]", "SendDriverMessage.expires_after", "UpsertZone.zone.dwell_after"])
        {
            Assert.Contains(known, walked);
        }
    }

    // One bad action does not end a stream, so there they are checked with the action.
    [Fact]
    public async Task On_a_drivers_stream_a_time_that_is_none_is_answered_and_the_stream_goes_on()
    {
        Assert.Equal(["action.occurred_at"], PathsOf(ConnectRequest.Descriptor, []).Select(p => p.Path));
        await using var server = await ServerHost.StartAsync();
        await using var phone = await DriverPhone.ConnectAsync(server, "d1");
        foreach (var broken in Broken[Timestamp.Descriptor])
        {
            await phone.SendAsync(new ConnectRequest
            {
                Action = new DriverAction
                {
                    ActionId = "a",
                    OccurredAt = (Timestamp)broken,
                    SetAvailability = new SetAvailability { Availability = DriverAvailability.Paused },
                },
            });
            var answer = (await phone.ReadUntilAsync(m => m.ActionResult is not null)).ActionResult;
            Assert.Equal(
                ((int)Code.InvalidArgument, "action.occurred_at"),
                (answer.Status.Code, answer.Status.GetDetail<BadRequest>()!.FieldViolations.Single().Field));
        }
    }

    private static async Task<RpcException> CallAsync(ChannelBase channel, MethodDescriptor method, byte[] request, Metadata headers)
    {
        var invoker = channel.CreateCallInvoker();
        var options = new CallOptions(headers, TimeProvider.System.GetUtcNow().UtcDateTime + ServerHost.Patience, Cancel);
        var type = (method.IsClientStreaming, method.IsServerStreaming) switch
        {
            (false, false) => MethodType.Unary,
            (false, true) => MethodType.ServerStreaming,
            _ => MethodType.DuplexStreaming,
        };
        var call = new Method<byte[], byte[]>(type, method.Service.FullName, method.Name, Bytes, Bytes);
        return await Assert.ThrowsAsync<RpcException>(async () =>
        {
            switch (type)
            {
                case MethodType.Unary:
                    await invoker.AsyncUnaryCall(call, null, options, request);
                    break;
                case MethodType.ServerStreaming:
                    using (var watch = invoker.AsyncServerStreamingCall(call, null, options, request))
                    {
                        await watch.ResponseStream.MoveNext(Cancel);
                    }

                    break;
                default:
                    using (var stream = invoker.AsyncDuplexStreamingCall(call, null, options))
                    {
                        await stream.RequestStream.WriteAsync(request, Cancel);
                        await stream.ResponseStream.MoveNext(Cancel);
                    }

                    break;
            }
        });
    }

    private static IEnumerable<(string Path, MessageDescriptor Type, Action<IMessage, IMessage> Put)> PathsOf(
        MessageDescriptor message, ImmutableHashSet<MessageDescriptor> within)
    {
        foreach (var field in message.Fields.InFieldNumberOrder().Where(f => f.FieldType == FieldType.Message && !f.IsMap))
        {
            var path = field.IsRepeated ? $"{field.Name}[0]" : field.Name;
            if (Broken.ContainsKey(field.MessageType))
            {
                yield return (path, field.MessageType, (parent, value) => Put(field, parent, value));
            }
            else if (!within.Contains(field.MessageType))
            {
                foreach (var inner in PathsOf(field.MessageType, within.Add(field.MessageType)))
                {
                    void PutInner(IMessage parent, IMessage value)
                    {
                        var child = New(field.MessageType);
                        inner.Put(child, value);
                        Put(field, parent, child);
                    }

                    yield return ($"{path}.{inner.Path}", inner.Type, PutInner);
                }
            }
        }
    }

    private static void Put(FieldDescriptor field, IMessage parent, IMessage value)
    {
        if (field.IsRepeated)
        {
            ((IList)field.Accessor.GetValue(parent)).Add(value);
        }
        else
        {
            field.Accessor.SetValue(parent, value);
        }
    }

    private static IMessage New(MessageDescriptor message) => message.Parser.ParseFrom(ByteString.Empty);
}
