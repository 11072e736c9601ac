using RideTracking.Engine.Dispatch;
using RideTracking.Server.Trips;
using RideTracking.Simulation.Nodes;

namespace RideTracking.Simulation;

/// <summary>What the company does of its own accord: blocks, has ways found anew, tells places in queues.</summary>
internal sealed class Company(City city, Faults faults)
{
    /// <summary>From now on it acts, while it is day.</summary>
    public void Begin()
    {
        faults.Wrong(city.Conditions.Blocks, () =>
        {
            var driver = city.SomeDriver();
            Dispatch(driver, _ => new BlockRequested(driver, "a complaint"));
            city.Queue.After(city.Chance.Seconds(5, 200), city.Life, () => Unblock(driver));
        });
        faults.Wrong(city.Conditions.RouteChanges, () =>
        {
            var driver = city.SomeDriver();
            Dispatch(driver, node => node.Book.PlanOf(driver).Route is { } route ? new RouteOutdated(driver, route.Version, RouteChangeReason.RoadsChanged) : null);
        });
        faults.Wrong(city.Conditions.RouteChanges, () =>
        {
            var driver = city.SomeDriver();
            var place = city.Chance.Number(1, 20);
            city.Call(
                async node =>
                {
                    await node.Dispatcher.TellAsync(driver, CommandWire.QueuePosition("z1", "Station", place, 20, 5, node.Clock.GetUtcNow()));
                    return "";
                },
                _ => { });
        });
    }

    public void Unblock(string driver) => Dispatch(driver, _ => new BlockRequested(driver, null));

    private void Dispatch(string driver, Func<NodeRun, DispatchEvent?> what) => city.Call(
        async node =>
        {
            if (what(node) is { } happened)
            {
                await node.Dispatcher.DispatchAsync(null, happened);
            }

            return driver;
        },
        _ => { });
}
