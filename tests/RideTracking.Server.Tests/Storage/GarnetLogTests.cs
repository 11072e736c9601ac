using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using RideTracking.Server.Store;
using RideTracking.Server.Tests.Fixtures;

namespace RideTracking.Server.Tests.Storage;

public sealed class GarnetLogTests
{
    // Its client closes the socket while it does itself, when a server stops.
    [Theory]
    [InlineData("Error shutting down socket", false)]
    [InlineData("An error occurred at Start.ReceiveAsync", true)]
    public void What_is_no_fault_of_the_store_is_not_told_as_one(string said, bool isTold)
    {
        var errors = new ErrorLog();
        using var factory = LoggerFactory.Create(logging => logging.AddProvider(errors));
        using var garnet = new GarnetLog(factory);
        garnet.CreateLogger("GarnetServer").Log(LogLevel.Error, default, said, new ObjectDisposedException(nameof(Socket)), static (text, _) => text);
        Assert.Equal(isTold, errors.Has(said));
    }

    // Its sender has been closed, or the socket fails, while it answers.
    public static TheoryData<Exception, bool> WhileAnswering => new()
    {
        { new ObjectDisposedException("GarnetTcpNetworkSender"), false },
        { new SocketException((int)SocketError.ConnectionReset), false },
        { new InvalidOperationException("A page is not there."), true },
    };

    [Theory]
    [MemberData(nameof(WhileAnswering))]
    public void A_client_that_is_gone_when_it_is_answered_is_no_fault_of_the_store(Exception exception, bool isTold)
    {
        var errors = new ErrorLog();
        using var factory = LoggerFactory.Create(logging => logging.AddProvider(errors));
        using var garnet = new GarnetLog(factory);
        const string Said = "[127.0.0.1:33162] [031261ED] ProcessMessages threw an exception:";
        garnet.CreateLogger("Session").Log(LogLevel.Critical, default, Said, exception, static (text, _) => text);
        Assert.Equal(isTold, errors.Has(Said));
    }
}
