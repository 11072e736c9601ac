using Microsoft.Extensions.Options;
using RideTracking.Server.Hosting;
using RideTracking.Server.Protocol;
using Status = Google.Rpc.Status;

namespace RideTracking.Server.Access;

/// <summary>Whether a call may be made by whoever sends it, as <see cref="AccessRules"/> and its token say. Thread-safe.</summary>
public sealed class Admission(TokenValidator tokens, IOptions<ListenOptions> listen)
{
    private readonly bool _needsCertificate = listen.Value.Tls.ClientRootsFile.Length > 0;

    /// <summary>Who calls, or why not; neither where no token is needed.</summary>
    /// <param name="method"><c>/package.Service/Method</c>.</param>
    /// <param name="request">Has the token.</param>
    /// <param name="cancel">The call is over.</param>
    public async ValueTask<(Caller? Caller, Status? Refusal)> OfAsync(string method, HttpRequest request, CancellationToken cancel)
    {
        if (!AccessRules.TryGetRoles(method, out var roles))
        {
            return (null, Refusal.PermissionDenied("NO_ACCESS_RULE", $"No rule lets anybody call {method}.", ("method", method)));
        }

        if (roles == AccessRules.Anybody)
        {
            return default;
        }

        if (!BearerToken.TryRead(request, out var token))
        {
            return (null, Refusal.Unauthenticated("TOKEN_MISSING", "This call needs the metadata `authorization: Bearer <token>`, once."));
        }

        var verdict = await tokens.ValidateAsync(token, cancel);
        if (verdict.Caller is not { } caller)
        {
            return (null, verdict.Refusal);
        }

        if (_needsCertificate && caller.Role == Role.Service && request.HttpContext.Connection.ClientCertificate is null)
        {
            return (null, Refusal.PermissionDenied(
                "CLIENT_CERTIFICATE_MISSING", "A token of role service is believed only on a connection that has shown a client certificate (Listen:Tls:ClientRootsFile).",
                ("method", method)));
        }

        return (caller.Role & roles) != Role.None
            ? (caller, null)
            : (null, Refusal.PermissionDenied(
                "ROLE_NOT_ALLOWED",
                $"{method} is not for the role {caller.Role}; it is for {roles}.",
                ("method", method), ("role", caller.Role.ToString()), ("allowed_roles", roles.ToString())));
    }
}
