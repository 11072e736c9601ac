// Package rideclient is what the examples share: arguments, the connection, tokens, what an error says about trying
// again, and the driver's stream.
package rideclient

import (
	"context"
	"crypto/tls"
	"encoding/base64"
	"encoding/json"
	"flag"
	"fmt"
	"math"
	"math/rand"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"google.golang.org/genproto/googleapis/rpc/code"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// Arguments are those that all examples take.
type Arguments struct {
	Server, ID, TokenFile string
	TLS                   bool
}

// ParseArguments reads the command line, with the flags that were defined before.
func ParseArguments() (Arguments, error) {
	var a Arguments
	flag.StringVar(&a.Server, "server", "127.0.0.1:5001", "host:port")
	flag.StringVar(&a.ID, "id", "", "the driver's or rider's id")
	flag.StringVar(&a.TokenFile, "token-file", "", "holds the bearer token; read again for each new one")
	flag.BoolVar(&a.TLS, "tls", false, "TLS; without it HTTP/2 in the clear")
	flag.Parse()
	if a.ID == "" || a.TokenFile == "" {
		return a, fmt.Errorf("--id and --token-file are needed")
	}
	return a, nil
}

// Place is a flag of the form latitude,longitude, in degrees.
type Place struct{ Latitude, Longitude float64 }

func (p *Place) String() string { return fmt.Sprintf("%.5f,%.5f", p.Latitude, p.Longitude) }

// Set parses the flag.
func (p *Place) Set(text string) error {
	latitude, longitude, _ := strings.Cut(text, ",")
	var err error
	if p.Latitude, err = strconv.ParseFloat(latitude, 64); err != nil {
		return err
	}
	p.Longitude, err = strconv.ParseFloat(longitude, 64)
	return err
}

// Dial does not wait for the server.
func Dial(a Arguments) (*grpc.ClientConn, error) {
	security := grpc.WithInsecure()
	if a.TLS {
		security = grpc.WithTransportCredentials(credentials.NewTLS(&tls.Config{MinVersion: tls.VersionTLS12}))
	}
	return grpc.Dial(a.Server, security,
		// Pings find a dead network within half a minute, also while nothing is sent.
		grpc.WithKeepaliveParams(keepalive.ClientParameters{Time: 20 * time.Second, Timeout: 10 * time.Second}),
		// How long to wait after a failure is decided here and not in the channel, which would go up to two minutes.
		grpc.WithConnectParams(grpc.ConnectParams{
			Backoff:           backoff.Config{BaseDelay: 100 * time.Millisecond, Multiplier: 1.6, Jitter: 0.2, MaxDelay: time.Second},
			MinConnectTimeout: 10 * time.Second,
		}))
}

// TokenSource is where tokens come from: here a file that somebody keeps fresh, in an app the company's backend.
type TokenSource struct {
	Path   string
	mu     sync.Mutex
	newest string
}

// Get asks for a token.
func (t *TokenSource) Get() (string, error) {
	text, err := os.ReadFile(t.Path)
	if err != nil {
		return "", err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.newest = strings.TrimSpace(string(text))
	return t.newest, nil
}

// Newest is the last one that was asked for.
func (t *TokenSource) Newest() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.newest
}

// Authorize adds a token to the calls of a context.
func (t *TokenSource) Authorize(ctx context.Context) (context.Context, error) {
	token, err := t.Get()
	return metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+token), err
}

// MayTryAgain tells whether the same call may succeed later. A token that was refused is worth a second call only when
// there is another one.
func (t *TokenSource) MayTryAgain(failure error) bool {
	switch status.Code(failure) {
	case codes.Unauthenticated:
		refused := t.Newest()
		token, err := t.Get()
		return err == nil && token != refused
	case codes.OK, codes.Unavailable, codes.DeadlineExceeded, codes.ResourceExhausted, codes.Aborted, codes.Internal, codes.Unknown, codes.Canceled:
		return true
	default:
		// The call is wrong or not allowed: the same again would fail again.
		return false
	}
}

// tokenEnd is when a token ends; the zero time when it does not tell.
func tokenEnd(token string) time.Time {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return time.Time{}
	}
	var claims struct {
		End int64 `json:"exp"`
	}
	text, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil || json.Unmarshal(text, &claims) != nil || claims.End == 0 {
		// An opaque token: the server says when it ends, by closing the stream.
		return time.Time{}
	}
	return time.Unix(claims.End, 0)
}

const maxBackoff = 15 * time.Second

// Backoff has full jitter: between nothing and a bound that doubles with each failure, so that clients do not come back
// in waves.
type Backoff struct{ failures int }

// Reset is for when it worked.
func (b *Backoff) Reset() { b.failures = 0 }

// Next is how long to wait. Those who were told the same time spread over as much time again.
func (b *Backoff) Next(told time.Duration) time.Duration {
	bound := math.Min(0.25*math.Pow(2, float64(b.failures)), maxBackoff.Seconds())
	b.failures = int(math.Min(float64(b.failures+1), 30))
	if told > 0 {
		return time.Duration(float64(told) * (1 + rand.Float64()))
	}
	return time.Duration(bound * rand.Float64() * float64(time.Second))
}

// RetryAfter is the wait that the server asked for; 0 when it named none.
func RetryAfter(s *status.Status) time.Duration {
	for _, detail := range s.Details() {
		if info, ok := detail.(*errdetails.RetryInfo); ok {
			return info.GetRetryDelay().AsDuration()
		}
	}
	return 0
}

// Reason is the reason of the ErrorInfo in a status, with what it names; empty without one.
func Reason(s *status.Status) (string, map[string]string) {
	for _, detail := range s.Details() {
		if info, ok := detail.(*errdetails.ErrorInfo); ok {
			return info.GetReason(), info.GetMetadata()
		}
	}
	return "", nil
}

// Describe names an error of a call as the contract does.
func Describe(failure error) string {
	if failure == nil {
		return "the server ended the stream"
	}
	s := status.Convert(failure)
	return fmt.Sprintf("%s %s", code.Code(s.Code()), s.Message())
}

func init() { rand.Seed(time.Now().UnixNano()) }
