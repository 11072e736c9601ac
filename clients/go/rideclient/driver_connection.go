package rideclient

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"sync"
	"time"

	pb "github.com/ride-tracking/ride-tracking-go/ridetracking/v1"
	spb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/timestamppb"
)

const (
	maxBatch       = 500    // the contract's
	maxFixes       = 10_000 // some three hours of one fix a second; when full the oldest is dropped and counted
	maxActions     = 100    // when full, Act fails: an answer to an offer must not be dropped silently
	welcomeTimeout = 10 * time.Second
	closingTimeout = 10 * time.Second
)

// DriverConnection is the driver's stream (docs/protocol.md): it takes fixes and actions at any time and brings them to
// the server.
//
// The buffer is in memory and dies with the process, and the session's and device's names with it. An app that goes on
// after a restart stores both names, the fixes, the actions, the attempt and the last command together in one file or
// database.
type DriverConnection struct {
	Client   pb.DriverServiceClient
	DriverID string
	Tokens   *TokenSource
	// Called one at a time, never while the connection is locked.
	OnCommand func(*pb.Command)
	OnResult  func(*pb.DriverAction, *status.Status)

	mu                  sync.Mutex
	sessionID, deviceID string
	attempt             uint64
	lastSequence        uint64
	highestSent         uint64
	fixes               []*pb.Fix          // not acknowledged, oldest first
	actions             []*pb.DriverAction // not answered, oldest first
	lastCommand         uint64             // the last one that was done
	routePlanVersion    uint64
	policy              *pb.ReportingPolicy
	counts              Counts
	flushed             chan struct{} // closed when nothing waits; nil while nobody asked
	stream              stream
	wake                chan struct{} // holds one wake-up: a further one would say nothing new
}

// Counts is what a connection has done.
type Counts struct{ Sent, Resent, Acknowledged, Dropped, Acted, Answered int }

// stream is what belongs to one stream only.
type stream struct {
	sentThrough       uint64
	resentAfter       *uint64
	actionInFlight    string
	nextActionAt      time.Time
	ack               *pb.CommandAck
	newToken          string
	refreshAt         time.Time     // zero for never
	serverClockOffset time.Duration // the server's clock less this one
	closing           *pb.StreamClosing
}

// NewDriverConnection makes a connection with an empty buffer of its own name.
func NewDriverConnection(client pb.DriverServiceClient, driverID string, tokens *TokenSource) *DriverConnection {
	return &DriverConnection{Client: client, DriverID: driverID, Tokens: tokens, sessionID: newID(), deviceID: newID(), wake: make(chan struct{}, 1)}
}

func newID() string {
	var bytes [16]byte
	if _, err := rand.Read(bytes[:]); err != nil {
		panic(err) // the system has no randomness
	}
	return hex.EncodeToString(bytes[:])
}

func (c *DriverConnection) wakeUp() {
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// Report takes a fix, connected or not.
func (c *DriverConnection) Report(fix *pb.Fix) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.fixes) == maxFixes {
		c.fixes = c.fixes[1:]
		c.counts.Dropped++
	}
	c.lastSequence++
	fix.Sequence = c.lastSequence
	c.fixes = append(c.fixes, fix)
	c.wakeUp()
}

// Act takes something the driver did, connected or not. Its id makes repeats harmless: the server answers them alike.
func (c *DriverConnection) Act(action *pb.DriverAction) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.actions) == maxActions {
		return fmt.Errorf("%d actions wait already", maxActions)
	}
	action.ActionId, action.OccurredAt = newID(), timestamppb.Now()
	c.actions = append(c.actions, action)
	c.counts.Acted++
	c.wakeUp()
	return nil
}

// Policy is how often to report; the newest holds.
func (c *DriverConnection) Policy() *pb.ReportingPolicy {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.policy
}

// Counts is what was done so far.
func (c *DriverConnection) Counts() Counts {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.counts
}

// Flush returns a channel that is closed when the server has everything. Acknowledgements are lazy: the newest fix goes
// once more and asks for one. To be called once.
func (c *DriverConnection) Flush() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.flushed = make(chan struct{})
	if n := len(c.fixes); n > 0 && c.stream.sentThrough >= c.fixes[n-1].Sequence {
		c.stream.sentThrough = c.fixes[n-1].Sequence - 1
	}
	c.completeFlush()
	c.wakeUp()
	return c.flushed
}

func (c *DriverConnection) completeFlush() {
	if c.flushed == nil || len(c.fixes) > 0 || len(c.actions) > 0 {
		return
	}
	select {
	case <-c.flushed:
	default:
		close(c.flushed)
	}
}

// Run returns why the app must not come back, or the error by which the server refuses the driver.
func (c *DriverConnection) Run(ctx context.Context) (string, error) {
	var backoff Backoff
	for {
		began := time.Now()
		c.mu.Lock()
		c.stream = stream{}
		c.mu.Unlock()
		err := c.runStream(ctx)
		if ctx.Err() != nil {
			return "", ctx.Err()
		}
		closing := c.stream.closing // nothing else runs now
		if closing != nil && !closing.GetMayReconnect() {
			return strings.TrimPrefix(closing.GetReason().String(), "STREAM_CLOSING_REASON_"), nil
		}
		if reason, names := Reason(status.Convert(err)); reason == "CONNECTION_ATTEMPT_PASSED" {
			passed, malformed := strconv.ParseUint(names["last_connection_attempt"], 10, 64)
			if malformed != nil {
				return "", malformed
			}
			c.attempt = passed
		}
		if closing == nil && !c.Tokens.MayTryAgain(err) {
			return "", err
		}
		// A stream that held for a while ends a row of failures; one that broke at once is one more.
		if time.Since(began) > maxBackoff {
			backoff.Reset()
		}
		told := RetryAfter(status.Convert(err))
		if closing != nil {
			told = closing.GetRetryAfter().AsDuration()
		}
		wait := backoff.Next(told)
		fmt.Printf("lost: %s; again in %.2f s\n", Describe(err), wait.Seconds())
		select {
		case <-ctx.Done():
			return "", ctx.Err()
		case <-time.After(wait):
		}
	}
}

// runStream is one stream, from Hello to its end; nil when the server ended it in good order.
func (c *DriverConnection) runStream(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	deadline := time.AfterFunc(welcomeTimeout, cancel)
	defer deadline.Stop()
	authorized, err := c.Tokens.Authorize(ctx)
	if err != nil {
		return status.Errorf(codes.Unauthenticated, "the app got no token: %v", err)
	}
	call, err := c.Client.Connect(authorized)
	if err != nil {
		return err
	}
	c.mu.Lock()
	c.attempt++
	hello := &pb.Hello{
		ProtocolVersion: 1, DriverId: c.DriverID, SessionId: c.sessionID, DeviceId: c.deviceID, AppVersion: "example-go",
		LastCommandSequence: c.lastCommand, RoutePlanVersion: c.routePlanVersion, SentAtUnixMs: time.Now().UnixMilli(), ConnectionAttempt: c.attempt,
	}
	c.mu.Unlock()
	if err := call.Send(&pb.ConnectRequest{Message: &pb.ConnectRequest_Hello{Hello: hello}}); err != nil && !errors.Is(err, io.EOF) {
		return err // io.EOF: the call is over, and reading tells why
	}
	var writing chan struct{}
	for {
		response, err := call.Recv()
		if err != nil {
			cancel()
			if writing != nil {
				<-writing
			}
			if errors.Is(err, io.EOF) {
				return nil
			}
			return err
		}
		deadline.Stop()
		c.receive(response)
		if response.GetStreamClosing() != nil {
			deadline = time.AfterFunc(closingTimeout, cancel)
			defer deadline.Stop()
		}
		if writing == nil {
			writing = make(chan struct{})
			go func() {
				defer close(writing)
				c.write(ctx, call)
			}()
		}
		c.wakeUp()
	}
}

func (c *DriverConnection) receive(response *pb.ConnectResponse) {
	if ack := response.GetFixAck(); ack != nil {
		c.mu.Lock()
		c.acknowledge(ack.GetThroughSequence(), ack.GetVerdicts())
		c.mu.Unlock()
	}
	switch message := response.GetMessage().(type) {
	case *pb.ConnectResponse_Welcome:
		c.welcome(message.Welcome)
	case *pb.ConnectResponse_ResendAfter:
		c.mu.Lock()
		after := message.ResendAfter.GetSequence()
		c.stream.sentThrough, c.stream.resentAfter = after, &after
		c.mu.Unlock()
	case *pb.ConnectResponse_ActionResult:
		c.answer(message.ActionResult)
	case *pb.ConnectResponse_ReportingPolicy:
		c.mu.Lock()
		c.policy = message.ReportingPolicy
		c.mu.Unlock()
	case *pb.ConnectResponse_Command:
		c.do(message.Command)
	case *pb.ConnectResponse_TokenAccepted:
		fmt.Println("token accepted")
	case *pb.ConnectResponse_StreamClosing:
		c.mu.Lock()
		c.stream.closing = message.StreamClosing
		c.mu.Unlock()
		fmt.Println("closing:", strings.TrimPrefix(message.StreamClosing.GetReason().String(), "STREAM_CLOSING_REASON_"))
	default: // only an acknowledgement, or what a newer server says
	}
	c.mu.Lock()
	c.completeFlush()
	c.mu.Unlock()
}

func (c *DriverConnection) welcome(welcome *pb.Welcome) {
	c.mu.Lock()
	if welcome.ResumeAfterSequence != nil {
		c.stream.sentThrough = welcome.GetResumeAfterSequence()
		c.acknowledge(welcome.GetResumeAfterSequence(), welcome.GetVerdicts())
	} else {
		// The log cannot be read now: from the oldest fix that was never acknowledged, and say so.
		after := c.lastSequence
		if len(c.fixes) > 0 {
			after = c.fixes[0].Sequence - 1
		}
		c.stream.sentThrough, c.stream.resentAfter = after, &after
	}
	c.policy = welcome.GetReportingPolicy()
	c.stream.serverClockOffset = time.Until(welcome.GetServerTime().AsTime())
	c.scheduleRefresh()
	vehicle := welcome.GetVehicleId()
	if vehicle == "" {
		vehicle = "none"
	}
	fmt.Printf("connected: attempt %d, vehicle %s, fixes from %d\n", c.attempt, vehicle, c.stream.sentThrough+1)
	c.mu.Unlock()
	if plan := welcome.GetRoutePlan(); plan != nil {
		c.deliver(&pb.Command{Command: &pb.Command_RouteChanged{RouteChanged: plan}})
	}
}

func (c *DriverConnection) acknowledge(through uint64, verdicts []*pb.FixVerdict) {
	for len(c.fixes) > 0 && c.fixes[0].Sequence <= through {
		c.fixes = c.fixes[1:]
		c.counts.Acknowledged++
	}
	for _, verdict := range verdicts {
		if verdict.GetOutcome() == pb.FixOutcome_FIX_OUTCOME_REJECTED {
			fmt.Printf("fix %d %s: %v with a limit of %v\n", verdict.GetSequence(), verdict.GetReason(), verdict.GetMeasured(), verdict.GetLimit())
		}
	}
}

func (c *DriverConnection) answer(result *pb.ActionResult) {
	answer := status.FromProto(orOK(result.GetStatus()))
	c.mu.Lock()
	if len(c.actions) == 0 || c.actions[0].ActionId != result.GetActionId() {
		c.mu.Unlock()
		return // answered before: a repeat
	}
	c.stream.actionInFlight = ""
	if answer.Code() == codes.Unavailable {
		// Not yet. Those behind it wait, too, and so keep their order.
		told := RetryAfter(answer)
		if told == 0 {
			told = time.Second / 2
		}
		c.stream.nextActionAt = time.Now().Add((&Backoff{}).Next(told))
		c.mu.Unlock()
		return
	}
	action := c.actions[0]
	c.actions = c.actions[1:]
	c.counts.Answered++
	c.mu.Unlock()
	c.OnResult(action, answer)
}

func orOK(s *spb.Status) *spb.Status {
	if s == nil {
		return &spb.Status{}
	}
	return s
}

func (c *DriverConnection) do(command *pb.Command) {
	if command.GetSequence() <= c.lastCommand { // only this goroutine changes it
		return
	}
	if command.GetCommand() != nil {
		c.deliver(command)
	}
	// Only now: an app that dies before is sent the command again.
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lastCommand = command.GetSequence()
	if c.stream.ack == nil {
		c.stream.ack = &pb.CommandAck{}
	}
	c.stream.ack.ThroughSequence = command.GetSequence()
	if command.GetCommand() == nil {
		c.stream.ack.UnsupportedSequences = append(c.stream.ack.UnsupportedSequences, command.GetSequence())
	}
}

func (c *DriverConnection) deliver(command *pb.Command) {
	if plan := command.GetRouteChanged(); plan != nil {
		// The plan comes in Welcome and as a command: only a newer one replaces it.
		if plan.GetRoutePlanVersion() <= c.routePlanVersion {
			return
		}
		c.routePlanVersion = plan.GetRoutePlanVersion()
	}
	c.OnCommand(command)
}

// scheduleRefresh is at four fifths of what is left of the token, by the server's clock, since the phone's may be wrong.
func (c *DriverConnection) scheduleRefresh() {
	c.stream.refreshAt = time.Time{}
	if end := tokenEnd(c.Tokens.Newest()); !end.IsZero() {
		wait := (time.Until(end) - c.stream.serverClockOffset) * 4 / 5
		if wait < time.Second {
			wait = time.Second
		}
		c.stream.refreshAt = time.Now().Add(wait)
	}
}

func (c *DriverConnection) refresh() {
	before := c.Tokens.Newest()
	token, err := c.Tokens.Get()
	if err != nil {
		fmt.Println("no new token:", err) // the old one still holds; asked again
	} else if token != before {
		c.stream.newToken = token
	}
	c.scheduleRefresh()
}

// write is the only one that sends, after Hello. It sleeps until it is woken or something is due.
func (c *DriverConnection) write(ctx context.Context, call pb.DriverService_ConnectClient) {
	wroteAt := time.Now()
	for {
		c.mu.Lock()
		if c.stream.closing != nil {
			c.mu.Unlock()
			// Nothing that is still sent counts. An error means that the call is over, and reading tells why.
			_ = call.CloseSend()
			return
		}
		message, dueAt := c.nextMessage(wroteAt)
		c.mu.Unlock()
		if message != nil {
			if call.Send(message) != nil {
				return // the call is over; reading tells why
			}
			wroteAt = time.Now()
			continue
		}
		timer := time.NewTimer(time.Until(dueAt))
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-c.wake:
		case <-timer.C:
		}
		timer.Stop()
	}
}

// nextMessage is the most urgent one, or nil and when the next one will be due.
func (c *DriverConnection) nextMessage(wroteAt time.Time) (*pb.ConnectRequest, time.Time) {
	now, s := time.Now(), &c.stream
	heartbeat := c.policy.GetHeartbeatInterval().AsDuration()
	if heartbeat == 0 {
		heartbeat = 15 * time.Second
	}
	dueAt := wroteAt.Add(heartbeat * 4 / 5)
	if !s.refreshAt.IsZero() && !now.Before(s.refreshAt) {
		c.refresh()
	}
	if token := s.newToken; token != "" {
		s.newToken = ""
		return &pb.ConnectRequest{Message: &pb.ConnectRequest_TokenRefresh{TokenRefresh: &pb.TokenRefresh{Token: token}}}, now
	}
	if len(c.actions) > 0 && s.actionInFlight == "" {
		if !now.Before(s.nextActionAt) {
			s.actionInFlight = c.actions[0].ActionId
			return &pb.ConnectRequest{Message: &pb.ConnectRequest_Action{Action: c.actions[0]}}, now
		}
		if s.nextActionAt.Before(dueAt) {
			dueAt = s.nextActionAt
		}
	}
	if ack := s.ack; ack != nil {
		s.ack = nil
		return &pb.ConnectRequest{Message: &pb.ConnectRequest_CommandAck{CommandAck: ack}}, now
	}
	if batch := c.nextBatch(); batch != nil {
		return &pb.ConnectRequest{Message: &pb.ConnectRequest_Locations{Locations: batch}}, now
	}
	if !now.Before(dueAt) {
		return &pb.ConnectRequest{Message: &pb.ConnectRequest_Heartbeat{Heartbeat: &pb.Heartbeat{BufferedFixCount: uint32(len(c.fixes))}}}, now
	}
	if !s.refreshAt.IsZero() && s.refreshAt.Before(dueAt) {
		dueAt = s.refreshAt
	}
	return nil, dueAt
}

func (c *DriverConnection) nextBatch() *pb.LocationBatch {
	batch := &pb.LocationBatch{SentAtUnixMs: time.Now().UnixMilli(), AckRequested: c.flushed != nil, ResentAfterSequence: c.stream.resentAfter}
	for _, fix := range c.fixes {
		if fix.Sequence <= c.stream.sentThrough || len(batch.Fixes) == maxBatch {
			continue
		}
		batch.Fixes = append(batch.Fixes, fix)
		if fix.Sequence <= c.highestSent {
			c.counts.Resent++
		} else {
			c.counts.Sent++
			c.highestSent = fix.Sequence
		}
	}
	if len(batch.Fixes) == 0 {
		return nil
	}
	c.stream.sentThrough, c.stream.resentAfter = batch.Fixes[len(batch.Fixes)-1].Sequence, nil
	return batch
}
