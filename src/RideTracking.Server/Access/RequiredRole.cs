namespace RideTracking.Server.Access;

/// <summary>For what is served over plain HTTP: the same tokens as for gRPC.</summary>
public static class RequiredRole
{
    /// <summary>Answers 401 without a valid token, 403 when its role is none of <paramref name="roles"/>.</summary>
    public static RouteHandlerBuilder RequireRole(this RouteHandlerBuilder endpoint, Role roles) =>
        endpoint.AddEndpointFilter(async (call, next) =>
        {
            var http = call.HttpContext;
            if (!BearerToken.TryRead(http.Request, out var token))
            {
                return Results.Problem("This needs the header `authorization: Bearer <token>`, once.", statusCode: StatusCodes.Status401Unauthorized);
            }

            var verdict = await http.RequestServices.GetRequiredService<TokenValidator>().ValidateAsync(token, http.RequestAborted);
            if (verdict.Caller is not { } caller)
            {
                var isAway = verdict.Refusal!.Code == (int)Google.Rpc.Code.Unavailable;
                return Results.Problem(
                    verdict.Refusal.Message, statusCode: isAway ? StatusCodes.Status503ServiceUnavailable : StatusCodes.Status401Unauthorized);
            }

            return (caller.Role & roles) == Role.None
                ? Results.Problem($"This is not for the role {caller.Role}; it is for {roles}.", statusCode: StatusCodes.Status403Forbidden)
                : await next(call);
        });
}
