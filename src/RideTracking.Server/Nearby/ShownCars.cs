using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Options;
using RideTracking.Engine.Geo;
using RideTracking.Engine.Index;
using RideTracking.Engine.Ingest;
using RideTracking.Server.Trips;

namespace RideTracking.Server.Nearby;

/// <summary>
/// The free cars at the places that riders are shown: an index of its own, made anew while somebody watches, that knows no
/// true place. Thread-safe.
/// </summary>
internal sealed class ShownCars(
    DriverSlots slots, DriverIndex drivers, IOptions<NearbyOptions> nearby, IOptions<TripOptions> trips, TimeProvider time, BlurSecret secret)
{
    // A parked car's fixes scatter by some ten metres; were it to change squares with them, all would know that it stands
    // on the line between the two.
    private const double Stickiness = 0.25;

    // Slower than this a phone's course is noise.
    private const float MinCourseSpeedMetersPerSecond = 2;
    private const float CourseStepDegrees = 45;

    private readonly SquareCells _cells = new(nearby.Value.CellMeters);
    private readonly DriverIndex _shown = new();
    private readonly Lock _renewing = new();
    private Seen[] _seen = [];
    private long _renewedAt = long.MinValue;

    /// <summary>The cars that are shown nearest to a place, nearest first; <see cref="NearbyDriver.FixedAtUnixMs"/> names their window.</summary>
    public int Nearest(GeoPoint center, double radiusMeters, Span<NearbyDriver> results) =>
        _shown.Nearest(center, radiusMeters, new DriverFilter(), results);

    /// <summary>One of eight directions; null at rest.</summary>
    public uint? CourseOf(int slot) =>
        _shown.TryGet(slot, out var car) && float.IsFinite(car.Fix.CourseDegrees) ? (uint)car.Fix.CourseDegrees : null;

    /// <summary>What a caller is to call a car during one window.</summary>
    public string IdOf(in NearbyDriver car, string caller)
    {
        Span<byte> named = stackalloc byte[12 + Encoding.UTF8.GetMaxByteCount(caller.Length)];
        BinaryPrimitives.WriteInt32LittleEndian(named, car.Slot);
        BinaryPrimitives.WriteInt64LittleEndian(named[4..], car.FixedAtUnixMs);
        var length = 12 + Encoding.UTF8.GetBytes(caller, named[12..]);
        Span<byte> hash = stackalloc byte[HMACSHA256.HashSizeInBytes];
        HMACSHA256.HashData(secret.ForIds, named[..length], hash);
        return Convert.ToHexStringLower(hash[..8]);
    }

    /// <summary>Looks at the fleet, unless that was done within a frame. Whoever comes while another does it goes on with what there is.</summary>
    public void Renew()
    {
        var now = time.GetUtcNow();
        var age = now.ToUnixTimeMilliseconds() - Volatile.Read(ref _renewedAt);
        if (age >= 0 && age < nearby.Value.FrameInterval.TotalMilliseconds)
        {
            return;
        }

        var isTooOld = age < 0 || age > nearby.Value.Window.TotalMilliseconds;
        if (isTooOld)
        {
            _renewing.Enter();
        }
        else if (!_renewing.TryEnter())
        {
            return;
        }

        try
        {
            Look(now);
            Volatile.Write(ref _renewedAt, now.ToUnixTimeMilliseconds());
        }
        finally
        {
            _renewing.Exit();
        }
    }

    private void Look(DateTimeOffset now)
    {
        var window = now.AddTicks(-(now.Ticks % nearby.Value.Window.Ticks)).ToUnixTimeMilliseconds();
        var free = DriverFilter.ReadyForTrip with { MinFixedAtUnixMs = (now - trips.Value.MaxFixAge).ToUnixTimeMilliseconds() };
        var count = slots.Count;
        if (count > _seen.Length)
        {
            Array.Resize(ref _seen, Math.Max(count, _seen.Length * 2));
        }

        for (var slot = 0; slot < count; slot++)
        {
            ref var seen = ref _seen[slot];
            if (!drivers.TryGet(slot, out var driver) || !free.Matches(driver))
            {
                if (seen.IsShown)
                {
                    _shown.Remove(slot, out _);
                    seen.IsShown = false;
                }
            }
            else if (!seen.IsShown || seen.Window != window)
            {
                // Once a window: what it does within one stays unseen, also when it vanishes and comes back.
                if (seen.Window != window)
                {
                    seen = Sample(slot, driver.Fix, seen, window);
                }

                seen.IsShown = true;
                _shown.Update(slot, seen.Fix, out _);
            }
        }
    }

    private Seen Sample(int slot, in Fix fix, in Seen before, long window)
    {
        var cell = before.Window != 0 && _cells.IsNear(before.Cell, fix.Point, Stickiness) ? before.Cell : _cells.Of(fix.Point);
        var shown = PlaceOf(slot, window, cell);
        return new Seen
        {
            Window = window,
            Cell = cell,
            Fix = new Fix
            {
                FixedAtUnixMs = window,
                LatitudeE7 = (int)Math.Round(shown.LatitudeDegrees * 1e7),
                LongitudeE7 = (int)Math.Round(shown.LongitudeDegrees * 1e7),
                CourseDegrees = fix.SpeedMetersPerSecond >= MinCourseSpeedMetersPerSecond
                    ? MathF.Round(fix.CourseDegrees / CourseStepDegrees) * CourseStepDegrees % 360
                    : float.NaN,
            },
        };
    }

    /// <summary>Anywhere in the square, by chance: nothing but the square, the car and the window decides.</summary>
    private GeoPoint PlaceOf(int slot, long window, SquareCell cell)
    {
        Span<byte> named = stackalloc byte[20];
        BinaryPrimitives.WriteInt32LittleEndian(named, slot);
        BinaryPrimitives.WriteInt64LittleEndian(named[4..], window);
        BinaryPrimitives.WriteInt32LittleEndian(named[12..], cell.Row);
        BinaryPrimitives.WriteInt32LittleEndian(named[16..], cell.Column);
        Span<byte> hash = stackalloc byte[HMACSHA256.HashSizeInBytes];
        HMACSHA256.HashData(secret.ForPlaces, named, hash);
        return _cells.PlaceIn(cell, Share(hash), Share(hash[8..]));
    }

    private static double Share(ReadOnlySpan<byte> random) => (BinaryPrimitives.ReadUInt64LittleEndian(random) >> 11) * (1.0 / (1ul << 53));

    private struct Seen
    {
        /// <summary>Start of the window in which the car was looked at last; 0 for never.</summary>
        public long Window { get; set; }

        public SquareCell Cell { get; set; }

        /// <summary>What is shown.</summary>
        public Fix Fix { get; set; }

        public bool IsShown { get; set; }
    }
}
