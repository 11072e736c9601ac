using RideTracking.Benchmarks;

return args switch
{
    ["index", .. string[] options] => IndexBenchmarks.Run(options),
    _ => Usage(),
};

static int Usage()
{
    Console.Error.WriteLine(
        """
        dotnet run -c Release --project loadtests/RideTracking.Benchmarks -- <what>

          index [--short] [options of BenchmarkDotNet]   the gate, the driver index and the fan-out in memory
        """);
    return 2;
}
