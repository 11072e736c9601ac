using System.Reflection;

namespace RideTracking.Server;

/// <summary>What the program says about itself.</summary>
internal static class ServerHelp
{
    public const string Serve = """
        The ride-tracking server.

        RideTracking.Server [options]          serves until it is told to stop
        RideTracking.Server token [options]    prints a token that a development server believes
        RideTracking.Server health [options]   asks the running server with the same settings whether it lives
        RideTracking.Server log [options]      prints the fixes in the log as CSV
        RideTracking.Server move [options]     moves what the embedded store holds into an empty Redis
        RideTracking.Server import [options]   brings drivers and vehicles from CSV files into the directory

        --environment Development   a server to try out, with a key of its own; otherwise it needs Access:Authority or Access:JwksFile
        --bind 127.0.0.1            address to listen on; 0.0.0.0 for all
        --grpc-port 5001            native gRPC
        --web-port 8080             map, gRPC-Web, REST
        --tls-port 8443             all of these with TLS, in place of the two, when Listen:Tls names a certificate
        --management-port 9464      health, metrics
        --redis host:port           the store; without it, one of the server's own in the data folder
        --data data                 data folder
        --roads city.osm.pbf        OpenStreetMap extract, or demo for a made-up city
        --dashboard folder          the built map page
        --Section:Name value        any other setting: docs/operations.md lists them
        --help, -h                  this
        --version                   the version

        Settings may also come from the environment (Section__Name) or appsettings.json.
        """;

    public const string Health = """
        Asks the running server whether it lives; the exit code is 0 when it does, else 1.

        RideTracking.Server health [options]   give it the settings of the server: --bind, --management-port
        """;

    public const string Log = """
        Prints the fixes in the log as CSV, oldest batch first.

        RideTracking.Server log [options]   give it the settings of the server: --redis, or --data of one that does not run
        """;

    public const string Move = """
        Moves what the embedded store holds into an empty Redis, compares the two, and prints how much there is of each kind.

        RideTracking.Server move [options]   --data of a server that does not run, and --redis with whatever else it takes to connect
        """;

    public static bool IsAskedFor(IEnumerable<string> args) => args.Any(argument => argument is "--help" or "-h" or "-?");

    public static string Version =>
        typeof(ServerHelp).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion;
}
