using RideTracking.Engine.Geo;
using RideTracking.Engine.Index;
using RideTracking.Engine.Ingest;

namespace RideTracking.Engine.Tests.Index;

public class DriverIndexTests
{
    private static readonly DriverStatus Ready = new(DriverAvailability.Available, DriverWork.Idle, DriverLink.Connected);
    private readonly DriverIndex _index = new();

    [Fact]
    public void An_update_tells_what_was_and_what_is()
    {
        Fix first = World.FixAt(Places.Porto, 1_000), second = World.FixAt(new(0, 0), 2_000);
        Assert.True(_index.Update(3, first, out DriverChange change));
        Assert.False(change.Previous.HasFix);
        Assert.Equal((3, true, first), (change.Current.Slot, change.Current.HasFix, change.Current.Fix));
        Assert.True(_index.Update(3, second, out change));
        Assert.Equal((3, true, first), (change.Previous.Slot, change.Previous.HasFix, change.Previous.Fix));
        Assert.Equal(second, change.Current.Fix);
    }

    [Fact]
    public void The_newest_wins()
    {
        Fix newer = World.FixAt(Places.Porto, 2_000);
        _index.Update(0, newer, out _);
        Assert.False(_index.Update(0, World.FixAt(new(0, 0), 1_999), out DriverChange change));
        Assert.Equal(newer, change.Previous.Fix);
        Assert.Equal(newer, change.Current.Fix);
        Assert.True(_index.Update(0, World.FixAt(new(1, 1), 2_000), out _)); // equally old: the later word
        Assert.True(_index.TryGet(0, out DriverEntry entry));
        Assert.Equal(new GeoPoint(1, 1), entry.Fix.Point);
    }

    [Fact]
    public void A_removed_driver_is_found_no_more_and_does_not_come_back_by_an_older_fix()
    {
        _index.Update(0, World.FixAt(Places.Porto, 2_000), out _);
        _index.SetStatus(0, Ready);
        Assert.True(_index.Remove(0, out DriverChange change));
        Assert.True(change.Previous.HasFix);
        Assert.False(change.Current.HasFix);
        Assert.False(_index.TryGet(0, out _));
        Assert.Equal(0, Nearest(Places.Porto));
        Assert.False(_index.Remove(0, out _));
        Assert.False(_index.Update(0, World.FixAt(Places.Porto, 1_000), out _));
        Assert.True(_index.Update(0, World.FixAt(Places.Porto, 3_000), out change));
        Assert.False(change.Previous.HasFix);
        Assert.Equal(1, Nearest(Places.Porto));
    }

    [Fact]
    public void Streams_own_the_link_and_dispatch_the_rest_of_a_status()
    {
        _index.SetPlan(0, DriverAvailability.Available, DriverWork.Idle);
        DriverChange change = _index.SetLink(0, DriverLink.Connected);
        Assert.Equal(new DriverStatus(DriverAvailability.Available, DriverWork.Idle, DriverLink.Unspecified), change.Previous.Status);
        Assert.Equal(Ready, change.Current.Status);
        Assert.Equal(
            Ready with { Availability = DriverAvailability.Paused, Work = DriverWork.OnTrip },
            _index.SetPlan(0, DriverAvailability.Paused, DriverWork.OnTrip).Current.Status);
        Assert.True(_index.TryGet(0, out DriverEntry entry));
        Assert.False(entry.HasFix);
    }

    [Fact]
    public void Nobody_is_known_at_first()
    {
        Assert.False(_index.TryGet(0, out DriverEntry entry));
        Assert.False(_index.TryGet(1_000_000, out entry));
        Assert.Equal(1_000_000, entry.Slot);
        Assert.Equal(0, Nearest(Places.Porto));
        Assert.Equal(0, _index.Within(GeoRectangle.World, new DriverEntry[1]));
        Assert.Equal(default, _index.Count());
    }

    [Fact]
    public void A_search_looks_at_status_age_and_exclusions()
    {
        for (int slot = 0; slot < 6; slot++)
        {
            _index.Update(slot, World.FixAt(Earth.Destination(Places.Porto, 0, slot * 10), 1_000 * slot), out _);
            _index.SetStatus(slot, Ready);
        }

        _index.SetLink(0, DriverLink.Lost);
        _index.SetPlan(1, DriverAvailability.Available, DriverWork.Offered);
        _index.SetPlan(2, DriverAvailability.LastTrip, DriverWork.Idle);
        Assert.Equal([0, 1, 2, 3, 4, 5], Slots(new DriverFilter()));
        Assert.Equal([3, 4, 5], Slots(DriverFilter.ReadyForTrip));
        Assert.Equal([1, 2, 3, 4, 5], Slots(new DriverFilter { Link = DriverLink.Connected }));
        Assert.Equal([1], Slots(new DriverFilter { Work = DriverWork.Offered }));
        Assert.Equal([2], Slots(new DriverFilter { Availability = DriverAvailability.LastTrip }));
        Assert.Equal([4, 5], Slots(DriverFilter.ReadyForTrip with { MinFixedAtUnixMs = 4_000 }));
        Assert.Equal([3, 5], Slots(DriverFilter.ReadyForTrip with { ExcludedSlots = [4, 77] }));

        int[] Slots(DriverFilter filter)
        {
            var found = new NearbyDriver[10];
            return [.. found.Take(_index.Nearest(Places.Porto, 1_000, filter, found)).Select(driver => driver.Slot)];
        }
    }

    [Fact]
    public void A_search_looks_at_the_vehicle()
    {
        for (int slot = 0; slot < 4; slot++)
        {
            _index.Update(slot, World.FixAt(Places.Porto, 1_000), out _);
        }

        var van = new VehicleTraits(2, 6, 0b110);
        _index.SetVehicle(1, new VehicleTraits(1, 4, 0b010));
        _index.SetVehicle(2, van);
        _index.SetVehicle(3, new VehicleTraits(2, 4, 0b100));
        Assert.Equal([0, 1, 2, 3], Slots(new DriverFilter()));
        Assert.Equal([2, 3], Slots(new DriverFilter { VehicleType = 2 }));
        Assert.Equal([0], Slots(new DriverFilter { VehicleType = 0 }));
        Assert.Equal([2], Slots(new DriverFilter { MinSeats = 5 }));
        Assert.Equal([1, 2], Slots(new DriverFilter { RequiredAttributes = 0b010 }));
        Assert.Equal([2], Slots(new DriverFilter { RequiredAttributes = 0b110 }));
        Assert.Equal(van, _index.VehicleOf(2));
        Assert.Equal(default, _index.VehicleOf(99));
        _index.Remove(2, out _);
        _index.Update(2, World.FixAt(Places.Porto, 2_000), out _);
        _index.SetStatus(2, Ready);
        Assert.Equal([2], Slots(new DriverFilter { MinSeats = 5, Link = DriverLink.Connected }));

        int[] Slots(DriverFilter filter)
        {
            var found = new NearbyDriver[10];
            return [.. found.Take(_index.Nearest(Places.Porto, 1_000, filter, found)).Select(driver => driver.Slot).Order()];
        }
    }

    [Fact]
    public void Vehicles_may_differ_in_65536_ways_and_not_in_more()
    {
        for (int attributes = 1; attributes <= ushort.MaxValue; attributes++)
        {
            _index.SetVehicle(0, new VehicleTraits(0, 0, (ulong)attributes));
        }

        Assert.Throws<InvalidOperationException>(() => _index.SetVehicle(0, new VehicleTraits(0, 0, 1 << 20)));
        Assert.Equal(new VehicleTraits(0, 0, ushort.MaxValue), _index.VehicleOf(0));
    }

    [Fact]
    public void Vehicle_types_have_small_numbers()
    {
        var types = new VehicleTypes();
        Assert.Equal(1, types.GetOrAdd("comfort"));
        Assert.Equal(2, types.GetOrAdd("van"));
        Assert.Equal(1, types.GetOrAdd("comfort"));
        Assert.Equal(0, types.GetOrAdd(""));
        Assert.True(types.TryGet("van", out ushort number));
        Assert.Equal(2, number);
        Assert.False(types.TryGet("Van", out _));
    }

    [Fact]
    public void Updates_and_searches_allocate_nothing()
    {
        const int drivers = 2_000;
        var random = new Random(1);
        GeoPoint[] places = [.. Enumerable.Range(0, drivers).Select(_ =>
            Earth.Destination(Places.Porto, random.NextDouble() * 360, random.NextDouble() * 3_000))];
        var found = new NearbyDriver[10];
        var inside = new DriverEntry[drivers];
        var area = new GeoRectangle(41, -9, 42, -8);
        var polygon = new GeoPolygon(new NetTopologySuite.Geometries.Point(-8.6, 41.15).Buffer(0.01));
        var raster = new GeoRaster(area, 1_000);
        int[] counts = new int[raster.CellCount];
        int[] excluded = [1, 2];
        Round(0);
        Round(1); // what has to grow has grown
        Round(2);
        Assert.Equal(0, Allocated.By(() => () =>
        {
            Round(1);
            Round(2);
        }));

        void Round(int round)
        {
            for (int slot = 0; slot < drivers; slot++)
            {
                _index.Update(slot, World.FixAt(places[(slot + round) % drivers], 1_750_000_000_000), out _);
            }

            DriverFilter filter = new() { MinSeats = 0, RequiredAttributes = 0, ExcludedSlots = excluded };
            _index.Nearest(Places.Porto, 2_000, filter, found);
            _index.Within(area, filter, inside);
            _index.Within(polygon, filter, inside);
            _index.CountByCell(raster, filter, counts);
        }
    }

    [Fact]
    public void A_crowd_that_has_gone_leaves_no_room_behind()
    {
        for (int slot = 0; slot < 20_000; slot++)
        {
            _index.Update(slot, World.FixAt(Places.Porto, slot), out _);
        }

        Assert.Equal(10, _index.Nearest(Places.Porto, 1, new DriverFilter(), new NearbyDriver[10]));
        var left = new DriverChange[20_000];
        Assert.Equal(19_995, _index.SweepStale(19_995, left));
        Assert.Equal(5, Nearest(Places.Porto));
        Assert.Equal(0, _index.SweepStale(0, left)); // tidies what the first has emptied, if it has not
        Assert.Equal(5, Nearest(Places.Porto));
        Assert.InRange(_index.RoomInCells, 5, 20);
    }

    [Fact]
    public void Ids_of_any_alphabet_are_kept_and_longer_ones_refused()
    {
        var slots = new DriverSlots();
        string[] ids = ["", "a", "водитель-1", "運転手", new string('x', DriverSlots.MaxIdBytes), .. Enumerable.Range(0, 3_000).Select(i => $"{i}-{new string('y', i % 300)}")];
        Assert.Equal(Enumerable.Range(0, ids.Length), ids.Select(slots.GetOrAdd));
        Assert.Equal(Enumerable.Range(0, ids.Length), ids.Select(slots.GetOrAdd));
        Assert.Equal(ids, Enumerable.Range(0, ids.Length).Select(slots.IdOf));
        Assert.Throws<ArgumentException>(() => slots.GetOrAdd(new string('x', DriverSlots.MaxIdBytes + 1)));
        Assert.False(slots.TryGet(new string('x', DriverSlots.MaxIdBytes + 1), out _));
    }

    [Fact]
    public void A_status_survives_every_move()
    {
        _index.SetStatus(0, Ready);
        for (int step = 0; step < 50; step++)
        {
            GeoPoint place = Earth.Destination(Places.Porto, 90, step * 100);
            _index.Update(0, World.FixAt(place, step), out _);
            Assert.Equal(1, _index.Nearest(place, 1, DriverFilter.ReadyForTrip, new NearbyDriver[2]));
        }
    }

    [Fact]
    public void A_search_without_room_finds_nobody_and_a_radius_of_0_who_is_there()
    {
        _index.Update(0, World.FixAt(new(41.5, -8.5), 1), out _);
        Assert.Equal(0, _index.Nearest(new(41.5, -8.5), 100, new DriverFilter(), []));
        Assert.Equal(1, _index.Nearest(new(41.5, -8.5), 0, new DriverFilter(), new NearbyDriver[1]));
    }

    [Fact]
    public void An_area_tells_how_many_there_are_beyond_what_fits()
    {
        for (int slot = 0; slot < 10; slot++)
        {
            _index.Update(slot, World.FixAt(Places.Porto, 1), out _);
        }

        var some = new DriverEntry[4];
        Assert.Equal(10, _index.Within(new GeoRectangle(41, -9, 42, -8), some));
        Assert.Equal(4, some.Select(driver => driver.Slot).Distinct().Count());
        Assert.All(some, driver => Assert.Equal(World.FixAt(Places.Porto, 1), driver.Fix));
    }

    [Fact]
    public void The_sweep_takes_stale_positions_and_leaves_the_status()
    {
        for (int slot = 0; slot < 10; slot++)
        {
            _index.Update(slot, World.FixAt(Places.Porto, slot), out _);
            _index.SetStatus(slot, Ready);
        }

        var left = new DriverChange[3];
        Assert.Equal(3, _index.SweepStale(5, left));
        Assert.Equal(2, _index.SweepStale(5, left.AsSpan()));
        Assert.Equal(0, _index.SweepStale(5, left));
        Assert.Equal([3, 4], left.Take(2).Select(change => change.Previous.Slot));
        Assert.All(left.Take(2), change => Assert.True(change.Previous.HasFix && !change.Current.HasFix));
        Assert.Equal(5, Nearest(Places.Porto));
        Assert.True(_index.TryGet(0, out DriverEntry entry));
        Assert.Equal(Ready, entry.Status);
        Assert.Equal((10, 5), (_index.Count().Connected, _index.Count().Tracked));
    }

    [Fact]
    public void Cells_left_behind_are_dropped_and_used_again()
    {
        // One driver crosses more cells than are kept empty, three times over, with sweeps in between.
        long time = 0;
        for (int round = 0; round < 3; round++)
        {
            for (int step = 0; step < 6_000; step++)
            {
                _index.Update(0, World.FixAt(new(0, step * 0.02), ++time), out _);
            }

            _index.SweepStale(0, new DriverChange[1]);
            Assert.InRange(_index.TileCount, 1, 1_000);
            Assert.Equal(1, Nearest(new(0, 119.98)));
        }
    }

    [Fact]
    public void A_slot_must_not_be_negative() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => _index.Update(-1, World.FixAt(Places.Porto, 1), out _));

    [Theory]
    [InlineData(49)]
    [InlineData(double.NaN)]
    [InlineData(50_001)]
    public void A_cell_size_that_makes_no_sense_is_refused(double meters) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new DriverIndex(meters));

    private int Nearest(GeoPoint center) => _index.Nearest(center, 5_000, new DriverFilter(), new NearbyDriver[100]);
}
