global using RideTracking.V1;
global using Xunit;
