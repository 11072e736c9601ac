using RideTracking.Engine.Packing;

namespace RideTracking.Engine.Tests.Packing;

public class VarintTests
{
    [Fact]
    public void Every_length_is_read_and_no_number_that_is_cut_short()
    {
        for (var bits = 0; bits <= 64; bits++)
        {
            var value = bits == 64 ? ulong.MaxValue : (1UL << bits) - 1;
            var length = Math.Max(1, (bits + 6) / 7);
            byte[] bytes = [.. Enumerable.Range(0, length).Select(i => (byte)(value >> (7 * i) & 0x7F | (i < length - 1 ? 0x80UL : 0)))];
            Assert.Equal((length, value), Read(bytes));
            Assert.Null(Read(bytes[..^1]));
        }
    }

    [Theory]
    [InlineData(new byte[] { 0x80, 0x00, 0x01 }, 2, 0UL)]
    [InlineData(new byte[] { 0xAC, 0x02, 0xFF }, 2, 300UL)]
    [InlineData(new byte[] { 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x7E }, 10, 0UL)]
    public void Numbers_are_read_as_protobuf_does(byte[] bytes, int length, ulong value) => Assert.Equal((length, value), Read(bytes));

    [Theory]
    [InlineData(new byte[0])]
    [InlineData(new byte[] { 0x80 })]
    [InlineData(new byte[] { 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x00 })]
    public void What_is_no_number_moves_nothing(byte[] bytes)
    {
        ReadOnlySpan<byte> rest = bytes;
        Assert.False(Varint.TryTake(ref rest, out _));
        Assert.Equal(bytes.Length, rest.Length);
    }

    [Theory]
    [InlineData(0L, 0UL)]
    [InlineData(-1L, 1UL)]
    [InlineData(1L, 2UL)]
    [InlineData((long)int.MinValue, (ulong)uint.MaxValue)]
    [InlineData(long.MaxValue, ulong.MaxValue - 1)]
    [InlineData(long.MinValue, ulong.MaxValue)]
    public void Zigzag_keeps_small_numbers_small(long value, ulong zigzag)
    {
        Assert.Equal(zigzag, Varint.ToZigZag(value));
        Assert.Equal(value, Varint.FromZigZag(zigzag));
    }

    private static (int Length, ulong Value)? Read(byte[] bytes)
    {
        ReadOnlySpan<byte> rest = bytes;
        return Varint.TryTake(ref rest, out var value) ? (bytes.Length - rest.Length, value) : null;
    }
}
