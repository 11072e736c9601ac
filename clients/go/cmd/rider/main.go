// Command rider is an example of a rider's app: it asks for a ride and follows it until it is over.
package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/ride-tracking/ride-tracking-go/rideclient"
	pb "github.com/ride-tracking/ride-tracking-go/ridetracking/v1"
	"google.golang.org/genproto/googleapis/type/latlng"
	"google.golang.org/grpc/status"
)

type rider struct {
	client    pb.RiderServiceClient
	tokens    *rideclient.TokenSource
	backoff   rideclient.Backoff
	positions int
	shown     uint64 // the version of the trip
}

func main() {
	pickup, dropoff := rideclient.Place{Latitude: 41.15, Longitude: -8.61}, rideclient.Place{Latitude: 41.16, Longitude: -8.61}
	flag.Var(&pickup, "pickup", "latitude,longitude")
	flag.Var(&dropoff, "dropoff", "latitude,longitude")
	wantsCode := flag.Bool("pickup-code", false, "the ride begins only when the driver knows a code")
	args, err := rideclient.ParseArguments()
	if err != nil {
		fail(err)
	}
	conn, err := rideclient.Dial(args)
	if err != nil {
		fail(err)
	}
	defer conn.Close()
	r := &rider{client: pb.NewRiderServiceClient(conn), tokens: &rideclient.TokenSource{Path: args.TokenFile}}

	var id [16]byte
	if _, err := rand.Read(id[:]); err != nil {
		fail(err)
	}
	trip := r.requestTrip(&pb.RequestTripRequest{
		// Made once: a call whose answer was lost is repeated with it and gives the same trip.
		RequestId: hex.EncodeToString(id[:]),
		RiderId:   args.ID,
		PartySize: 1,
		Waypoints: []*pb.Waypoint{waypoint(pb.WaypointKind_WAYPOINT_KIND_PICKUP, pickup), waypoint(pb.WaypointKind_WAYPOINT_KIND_DROPOFF, dropoff)},
		Terms:     &pb.TripTerms{PickupCodeRequired: *wantsCode},
	})
	fmt.Println("requested trip", trip.GetTripId())
	if trip.GetPickupCode() != "" {
		fmt.Println("pickup code", trip.GetPickupCode())
	}
	r.watch(trip.GetTripId())
	fmt.Println("positions", r.positions)
}

func (r *rider) requestTrip(request *pb.RequestTripRequest) *pb.Trip {
	for {
		trip, err := r.tryRequest(request)
		if err == nil {
			r.backoff.Reset()
			return trip
		}
		r.wait(err)
	}
}

func (r *rider) tryRequest(request *pb.RequestTripRequest) (*pb.Trip, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	ctx, err := r.tokens.Authorize(ctx)
	if err != nil {
		fail(err)
	}
	response, err := r.client.RequestTrip(ctx, request)
	return response.GetTrip(), err
}

// watch follows the trip across lost streams. A stream may also end in good order before the trip, when a server stops.
func (r *rider) watch(tripID string) {
	for {
		state, err := r.tryWatch(tripID)
		switch state {
		case pb.TripState_TRIP_STATE_COMPLETED, pb.TripState_TRIP_STATE_CANCELLED, pb.TripState_TRIP_STATE_UNFULFILLED:
			return
		}
		r.wait(err)
	}
}

func (r *rider) tryWatch(tripID string) (state pb.TripState, err error) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	if ctx, err = r.tokens.Authorize(ctx); err != nil {
		fail(err)
	}
	stream, err := r.client.WatchTrip(ctx, &pb.WatchTripRequest{TripId: tripID})
	for err == nil {
		var change *pb.WatchTripResponse
		if change, err = stream.Recv(); err != nil {
			break
		}
		r.backoff.Reset()
		if trip := change.GetTrip(); trip != nil {
			state = trip.GetState()
			r.showTrip(trip)
		}
		if position := change.GetPosition(); position != nil {
			r.positions++
			place := position.GetLocation()
			fmt.Printf("position %.5f,%.5f age %.1f s\n", place.GetLatitude(), place.GetLongitude(), position.GetAge().AsDuration().Seconds())
		}
	}
	if err == io.EOF {
		err = nil
	}
	return state, err
}

func (r *rider) showTrip(trip *pb.Trip) {
	if trip.GetVersion() == r.shown {
		return
	}
	r.shown = trip.GetVersion()
	who := ""
	if driver := trip.GetDriver(); driver != nil {
		who = fmt.Sprintf(": %s, %s %s", driver.GetDisplayName(), driver.GetVehicleDescription(), driver.GetLicensePlate())
	}
	fmt.Printf("trip %s %s%s\n", trip.GetTripId(), strings.TrimPrefix(trip.GetState().String(), "TRIP_STATE_"), who)
}

func (r *rider) wait(err error) {
	if !r.tokens.MayTryAgain(err) {
		fmt.Println("refused:", rideclient.Describe(err))
		os.Exit(1)
	}
	wait := r.backoff.Next(rideclient.RetryAfter(status.Convert(err)))
	fmt.Printf("lost: %s; again in %.2f s\n", rideclient.Describe(err), wait.Seconds())
	time.Sleep(wait)
}

func waypoint(kind pb.WaypointKind, place rideclient.Place) *pb.Waypoint {
	return &pb.Waypoint{Kind: kind, Location: &latlng.LatLng{Latitude: place.Latitude, Longitude: place.Longitude}}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(2)
}
