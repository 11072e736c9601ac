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

    [Fact]
    public void Numbers_used_twice_are_refused_again_when_the_log_has_had_to_forget_meanwhile()
    {
        var world = new CarrierWorld();
        world.Connect(0, how: 0);
        DriveOften(times: CarrierWorld.MaxWaiting + 1);

        // Put back, it gives the same numbers to others, and is refused without hearing of it; one more is logged.
        world.Restore(0);
        DriveOften(times: CarrierWorld.MaxWaiting + 1);
        ConnectWithoutStore();
        world.Log(0);
        DriveOften(times: 1);

        // All of it comes again before the store can be asked, which is more than may wait.
        ConnectWithoutStore();
        DriveOften(times: 1);
        world.Log(0);
        world.Answer(0, isHeard: true);

        void ConnectWithoutStore() => world.Connect(0, how: 7);

        void DriveOften(int times)
        {
            for (var i = 0; i < times; i++)
            {
                world.Drive(0, all: false, rejections: 0);
                world.Log(0);
                world.Check();
            }
        }
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
            case 6 when how == 7:
                world.BackUp(phone);
                break;
            case 6:
                world.Restore(phone, isOfBackUp: how == 6);
                break;
            case < 18:
                world.Drive(phone, all: how < 3, rejections: how switch { 2 => int.MaxValue, 7 => 1, _ => 0 });
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
