# The server with its map page. Build: docker build -t ride-tracking .
# Run (production; see docs/operations.md for keys, ports and stores):
#   docker run -p 5001:5001 -p 8080:8080 -v rides:/data -e Access__Authority=https://login.example.com/realms/rides ride-tracking
# For another platform than the builder's: docker buildx build --platform linux/arm64 -t ride-tracking .

FROM --platform=$BUILDPLATFORM node:22-bookworm-slim AS page
WORKDIR /src
# Packages first: they are installed again only when one of the lock files changes.
COPY clients/typescript/package.json clients/typescript/package-lock.json clients/typescript/
COPY clients/dashboard/package.json clients/dashboard/package-lock.json clients/dashboard/
RUN npm ci --prefix clients/typescript --no-audit --no-fund && npm ci --prefix clients/dashboard --no-audit --no-fund
COPY buf.yaml ./
COPY protos/ protos/
COPY clients/typescript/ clients/typescript/
COPY clients/dashboard/ clients/dashboard/
RUN npm run build --prefix clients/dashboard

FROM --platform=$BUILDPLATFORM mcr.microsoft.com/dotnet/sdk:10.0 AS build
ARG TARGETARCH
WORKDIR /src
# What decides the packages first: they are restored again only when it changes.
COPY global.json Directory.Build.props Directory.Packages.props BannedSymbols.txt .editorconfig ./
COPY src/RideTracking.Contracts/RideTracking.Contracts.csproj src/RideTracking.Contracts/
COPY src/RideTracking.Engine/RideTracking.Engine.csproj src/RideTracking.Engine/
COPY src/RideTracking.Server/RideTracking.Server.csproj src/RideTracking.Server/
RUN dotnet restore src/RideTracking.Server/RideTracking.Server.csproj -a $TARGETARCH
COPY protos/ protos/
COPY src/ src/
# For its platform alone: else the native libraries of all of them come along.
RUN dotnet publish src/RideTracking.Server/RideTracking.Server.csproj -c Release -a $TARGETARCH --no-restore --no-self-contained -o /app
RUN mkdir /data

# No shell, no package manager; with time zones, by which roads are open and speeds are learned.
FROM mcr.microsoft.com/dotnet/aspnet:10.0-noble-chiseled-extra AS final
WORKDIR /app
COPY --from=build /app ./
COPY --from=page /src/clients/dashboard/dist/ dashboard/
COPY LICENSE NOTICE ./
# The base image's user without privileges owns the data and nothing else.
COPY --from=build --chown=1654:1654 /data /data
USER 1654:1654
# The base image's own port setting would only be overridden with a warning.
ENV ASPNETCORE_HTTP_PORTS= \
    Listen__Address=0.0.0.0 \
    Store__DataFolder=/data \
    Fleet__DashboardFolder=/app/dashboard
VOLUME /data
EXPOSE 5001 8080 8443 9464
# Draining takes up to 10 s: give `docker stop` at least 20.
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=10s --start-period=30s --retries=3 \
    CMD ["dotnet", "RideTracking.Server.dll", "health"]
ENTRYPOINT ["dotnet", "RideTracking.Server.dll"]
