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
}
