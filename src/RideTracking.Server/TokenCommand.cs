using System.CommandLine;
using System.CommandLine.Invocation;
using RideTracking.Server.Access;
using RideTracking.Server.Hosting;

namespace RideTracking.Server;

/// <summary>The verb <c>token</c> of the server program: prints a development token.</summary>
internal static class TokenCommand
{
    public static int Run(string[] args)
    {
        var role = new Option<Role>("--role")
        {
            HelpName = "role",
            Required = true,
            Description = "driver, rider, ops or service",
            CustomParser = result => result.Tokens[0].Value switch
            {
                "driver" => Role.Driver,
                "rider" => Role.Rider,
                "ops" => Role.Ops,
                "service" => Role.Service,
                var other => Fail<Role>(result, $"--role is \"{other}\"; use driver, rider, ops or service."),
            },
        };
        var ids = new Option<string[]>("--id")
        {
            Required = true,
            AllowMultipleArgumentsPerToken = true,
            Description = "Whom the token may act for (drivers, riders); the first is also its subject",
        };
        var lifetime = new Option<TimeSpan>("--lifetime")
        {
            DefaultValueFactory = _ => TimeSpan.FromHours(1),
            Description = "How long it lasts: 90s, 15m, 12h, 7d",
            CustomParser = result => TryParseLifetime(result.Tokens[0].Value, out var time)
                ? time
                : Fail<TimeSpan>(result, $"--lifetime is \"{result.Tokens[0].Value}\"; use a number above 0 and s, m, h or d, such as 12h, up to 365d."),
        };
        var data = new Option<string>("--data")
        {
            DefaultValueFactory = _ => new DataOptions().DataFolder,
            Description = "The development server's data folder",
        };
        var audience = new Option<string>("--audience")
        {
            DefaultValueFactory = _ => new AccessOptions().Audience,
            Description = "The server's Access:Audience",
        };

        var command = new RootCommand("Prints a token that a development server with the same data folder believes.") { role, ids, lifetime, data, audience };
        command.SetAction(parsed =>
        {
            using var key = DevelopmentKey.Open(parsed.GetValue(data)!, parsed.GetValue(audience)!, TimeProvider.System);
            Console.WriteLine(key.Sign(parsed.GetValue(role), parsed.GetValue(ids)!, parsed.GetValue(lifetime)).Token);
        });
        var called = command.Parse(args);
        if (called.Action is ParseErrorAction)
        {
            throw new StartException(string.Join(Environment.NewLine, Faults(called, command)));
        }

        // What goes wrong is explained by who called, as for every verb.
        return called.Invoke(new InvocationConfiguration { EnableDefaultExceptionHandler = false });
    }

    // Options that there are not come first: what is missing is probably meant by one of them.
    private static IEnumerable<string> Faults(ParseResult called, Command command) => called.UnmatchedTokens is [var unknown, ..]
        ? [$"`token` has no option {unknown}; {(NearestName.Of(unknown, command.Options.Select(o => o.Name)) is { } nearest ? $"the nearest is {nearest}" : "see token --help")}."]
        : called.Errors.Select(error => error.Message);

    private static T Fail<T>(System.CommandLine.Parsing.SymbolResult result, string message)
        where T : struct
    {
        result.AddError(message);
        return default;
    }

    private static bool TryParseLifetime(string text, out TimeSpan lifetime)
    {
        lifetime = default;
        if (text.Length < 2 || !int.TryParse(text.AsSpan(0, text.Length - 1), out var count) || count <= 0)
        {
            return false;
        }

        TimeSpan? unit = text[^1] switch
        {
            's' => TimeSpan.FromSeconds(1),
            'm' => TimeSpan.FromMinutes(1),
            'h' => TimeSpan.FromHours(1),
            'd' => TimeSpan.FromDays(1),
            _ => null,
        };
        if (unit is null || count > TimeSpan.FromDays(365) / unit.Value)
        {
            return false;
        }

        lifetime = unit.Value * count;
        return true;
    }
}
