// Command driver is an example of a driver's app: it works, takes the offer that comes, drives the trip and signs off.
package main

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/ride-tracking/ride-tracking-go/rideclient"
	pb "github.com/ride-tracking/ride-tracking-go/ridetracking/v1"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

type driver struct {
	conn *rideclient.DriverConnection

	mu            sync.Mutex
	car           car
	tripID        string
	waypoints     []*pb.Waypoint // the route plan: the first is the next to be done
	tripWasInPlan bool
	asksCode      bool
	code          string
	toldOf        string // the waypoint that was told of last, and how far
	told          pb.WaypointStep
	isOver        bool
	isRefused     bool
	codes         chan struct{} // asks for a line of standard input
}

func main() {
	at := rideclient.Place{Latitude: 41.149, Longitude: -8.61}
	flag.Var(&at, "at", "latitude,longitude to begin at")
	speed := flag.Float64("speed", 12, "metres per second")
	args, err := rideclient.ParseArguments()
	if err != nil {
		fail(err)
	}
	channel, err := rideclient.Dial(args)
	if err != nil {
		fail(err)
	}
	d := &driver{car: car{place: at, speed: *speed, fullSpeed: *speed}, codes: make(chan struct{}, 1)}
	d.conn = rideclient.NewDriverConnection(pb.NewDriverServiceClient(channel), args.ID, &rideclient.TokenSource{Path: args.TokenFile})
	d.conn.OnCommand, d.conn.OnResult = d.onCommand, d.onResult
	os.Exit(d.run())
}

// run returns the exit code.
func (d *driver) run() int {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	type end struct {
		says string
		code int
	}
	ended := make(chan end, 1)
	go func() {
		reason, err := d.conn.Run(ctx)
		if err != nil {
			ended <- end{"refused: " + rideclient.Describe(err), 1}
			return
		}
		ended <- end{"stopped: " + reason, 3}
	}()
	go d.readCodes()
	done := make(chan struct{})
	go func() {
		defer close(done)
		d.drive()
	}()

	result := end{"ended", 0}
	select {
	case result = <-ended:
	case <-done:
		if d.isRefused {
			result.code = 1
		}
	}
	c := d.conn.Counts()
	fmt.Printf("fixes sent %d acknowledged %d resent %d dropped %d; actions made %d answered %d\n", c.Sent, c.Acknowledged, c.Resent, c.Dropped, c.Acted, c.Answered)
	fmt.Println(result.says)
	return result.code
}

func (d *driver) drive() {
	d.setAvailability(pb.DriverAvailability_DRIVER_AVAILABILITY_AVAILABLE)
	ticker := time.NewTicker(time.Second)
	defer ticker.Stop()
	var reportedAt time.Time
	for d.tick() {
		// As often as the server wants it: each second while somebody follows the car, seldom while nobody asks.
		if time.Since(reportedAt) > d.conn.Policy().GetMovingInterval().AsDuration()-time.Second/2 {
			d.conn.Report(d.car.fix())
			reportedAt = time.Now()
		}
		<-ticker.C
	}
	d.setAvailability(pb.DriverAvailability_DRIVER_AVAILABILITY_OFFLINE)
	d.conn.Report(d.car.fix())
	<-d.conn.Flush()
}

// tick is a second of driving; at most one step is told. False when the trip is over.
func (d *driver) tick() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.waypoints) == 0 {
		d.car.move(nil, time.Second)
		return !d.isOver
	}
	waypoint := d.waypoints[0]
	if waypoint.GetWaypointId() != d.toldOf {
		d.toldOf, d.told = waypoint.GetWaypointId(), pb.WaypointStep_WAYPOINT_STEP_UNSPECIFIED
	}
	isThere := d.car.move(waypoint.GetLocation(), time.Second)
	needsCode := d.asksCode && waypoint.GetKind() == pb.WaypointKind_WAYPOINT_KIND_PICKUP
	switch {
	case d.told == pb.WaypointStep_WAYPOINT_STEP_UNSPECIFIED:
		d.tell(waypoint, pb.WaypointStep_WAYPOINT_STEP_HEADING)
	case d.told == pb.WaypointStep_WAYPOINT_STEP_HEADING && isThere:
		d.tell(waypoint, pb.WaypointStep_WAYPOINT_STEP_ARRIVED)
		if needsCode {
			d.askCode()
		}
	case d.told == pb.WaypointStep_WAYPOINT_STEP_ARRIVED && (!needsCode || d.code != ""):
		d.tell(waypoint, pb.WaypointStep_WAYPOINT_STEP_DONE)
	}
	return !d.isOver
}

func (d *driver) tell(waypoint *pb.Waypoint, step pb.WaypointStep) {
	d.told = step
	progress := &pb.TripProgress{TripId: waypoint.GetTripId(), WaypointId: waypoint.GetWaypointId(), Step: step}
	if step == pb.WaypointStep_WAYPOINT_STEP_DONE && waypoint.GetKind() == pb.WaypointKind_WAYPOINT_KIND_PICKUP {
		progress.PickupCode = d.code
	}
	d.act(&pb.DriverAction{Action: &pb.DriverAction_TripProgress{TripProgress: progress}})
}

func (d *driver) setAvailability(availability pb.DriverAvailability) {
	d.act(&pb.DriverAction{Action: &pb.DriverAction_SetAvailability{SetAvailability: &pb.SetAvailability{Availability: availability}}})
}

func (d *driver) act(action *pb.DriverAction) {
	if err := d.conn.Act(action); err != nil {
		fail(err)
	}
}

// askCode lets somebody type it.
func (d *driver) askCode() {
	d.asksCode, d.code = true, ""
	fmt.Println("pickup code?")
	select {
	case d.codes <- struct{}{}:
	default: // asked for already
	}
}

func (d *driver) readCodes() {
	input := bufio.NewScanner(os.Stdin)
	for range d.codes {
		if !input.Scan() {
			return // nobody is there to type
		}
		d.mu.Lock()
		d.code = strings.TrimSpace(input.Text())
		d.mu.Unlock()
	}
}

func (d *driver) onCommand(command *pb.Command) {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch c := command.GetCommand().(type) {
	case *pb.Command_TripOffer:
		d.reply(c.TripOffer)
	case *pb.Command_OfferWithdrawn:
		fmt.Println("offer", c.OfferWithdrawn.GetOfferId(), "withdrawn")
		if c.OfferWithdrawn.GetTripId() == d.tripID && !d.tripWasInPlan {
			d.tripID = ""
		}
	case *pb.Command_TripAssigned:
		d.tripID, d.asksCode = c.TripAssigned.GetTripId(), c.TripAssigned.GetPickupCodeRequired()
		fmt.Printf("assigned trip %s: passenger %s\n", d.tripID, c.TripAssigned.GetPassenger().GetDisplayName())
	case *pb.Command_RouteChanged:
		d.follow(c.RouteChanged)
	case *pb.Command_TripRemoved:
		d.end(c.TripRemoved.GetTripId(), strings.TrimPrefix(c.TripRemoved.GetState().String(), "TRIP_STATE_"))
	default:
		fmt.Printf("command %T\n", c)
	}
}

func (d *driver) reply(offer *pb.TripOffer) {
	// A store that forgot may send an offer once more: it is for the same trip.
	reply, says := &pb.OfferReply{OfferId: offer.GetOfferId(), Accepted: d.tripID == "" || d.tripID == offer.GetTripId()}, "accepted"
	if reply.Accepted {
		d.tripID, d.asksCode = offer.GetTripId(), offer.GetPickupCodeRequired()
	} else {
		reply.DeclineReason, says = pb.DeclineReason_DECLINE_REASON_BUSY, "declined"
	}
	fmt.Printf("offer %s trip %s: pickup %.0f m away, %s\n", offer.GetOfferId(), offer.GetTripId(), offer.GetPickupDistanceMeters(), says)
	d.act(&pb.DriverAction{Action: &pb.DriverAction_OfferReply{OfferReply: reply}})
}

func (d *driver) follow(plan *pb.RouteChanged) {
	d.waypoints = plan.GetWaypoints()
	names, isInPlan := "", false
	for _, waypoint := range d.waypoints {
		names += " " + strings.TrimPrefix(waypoint.GetKind().String(), "WAYPOINT_KIND_")
		isInPlan = isInPlan || waypoint.GetTripId() == d.tripID
	}
	if names == "" {
		names = " nowhere to go"
	}
	fmt.Printf("route plan %d:%s\n", plan.GetRoutePlanVersion(), names)
	if d.tripWasInPlan && !isInPlan {
		d.end(d.tripID, "not in the plan")
	}
	if d.tripID == "" && len(d.waypoints) > 0 {
		d.tripID, isInPlan = d.waypoints[0].GetTripId(), true
	}
	d.tripWasInPlan = isInPlan
}

func (d *driver) end(tripID, how string) {
	if tripID == d.tripID && !d.isOver {
		fmt.Printf("trip %s is over: %s\n", tripID, how)
		d.isOver = true
	}
}

func (d *driver) onResult(action *pb.DriverAction, result *status.Status) {
	d.mu.Lock()
	defer d.mu.Unlock()
	name := "set_availability"
	if progress := action.GetTripProgress(); progress != nil {
		name = strings.TrimPrefix(progress.GetStep().String(), "WAYPOINT_STEP_")
	} else if action.GetOfferReply() != nil {
		name = "offer_reply"
	}
	if result.Code() == codes.OK {
		fmt.Println("action", name, "answered OK")
		return
	}
	fmt.Println("action", name, "answered", result.Message())
	if reason, _ := rideclient.Reason(result); reason == "WRONG_PICKUP_CODE" {
		d.told = pb.WaypointStep_WAYPOINT_STEP_ARRIVED
		d.askCode()
	} else if action.GetOfferReply() != nil {
		d.tripID = "" // too late, or another driver was faster
	} else if action.GetSetAvailability() != nil {
		d.isOver, d.isRefused = true, true // for instance not in the directory: no offer would ever come
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(2)
}
