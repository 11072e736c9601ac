using CsCheck;

namespace RideTracking.Server.Tests.Storage;

/// <summary>Whatever is lost, late or done without a reply: one carrier, nothing acknowledged that is not logged, nothing doubled.</summary>
public sealed class CarrierProperties
{
    private static readonly Gen<(int What, int Phone, int How)> Happening = Gen.Select(Gen.Int[0, 31], Gen.Int[0, 1], Gen.Int[0, 7]);

    [Fact]
    public void Whatever_happens_one_speaks_for_the_driver_and_no_fix_is_lost_or_doubled()
    {
        var acknowledged = 0;
        Happening.List[1, 200].Sample(
            happenings =>
            {
                var world = new CarrierWorld();
                foreach (var (what, phone, how) in happenings)
                {
                    Let(world, what, phone, how);
                    world.Check();
                }

                Interlocked.Add(ref acknowledged, world.Acknowledged);
            },
            iter: 5_000,
            // On one thread: the servers of other tests need the rest.
            threads: 1,
            print: happenings => string.Join(' ', happenings));
        Assert.True(acknowledged > 2_500, $"only {acknowledged} fixes were acknowledged");
    }

    private static void Let(CarrierWorld world, int what, int phone, int how)
    {
        switch (what)
        {
            case < 4:
                world.Connect(phone, how);
                break;
            case 4:
                world.Disconnect(phone);
                break;
            case 5:
                world.ClaimArrives();
                break;
            case 6:
                world.Restore(phone);
                break;
            case < 18:
                world.Drive(phone, all: how < 3, isRejected: how is 2 or 7);
                break;
            case < 26:
                world.Log(how);
                break;
            default:
                world.Answer(phone, isHeard: how < 7);
                break;
        }
    }
}
