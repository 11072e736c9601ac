package main

import (
	"math"
	"time"

	"github.com/ride-tracking/ride-tracking-go/rideclient"
	pb "github.com/ride-tracking/ride-tracking-go/ridetracking/v1"
	"google.golang.org/genproto/googleapis/type/latlng"
)

const metersPerDegree = 111_195

// car drives straight lines, and a circle while there is nowhere to go.
type car struct {
	place            rideclient.Place
	course           float64 // degrees clockwise from north
	speed, fullSpeed float64 // metres per second
}

// move tells whether it has arrived.
func (c *car) move(target *latlng.LatLng, elapsed time.Duration) bool {
	step := c.fullSpeed * elapsed.Seconds()
	metersPerDegreeEast := metersPerDegree * math.Cos(c.place.Latitude*math.Pi/180)
	if target == nil {
		c.course = math.Mod(c.course+6, 360)
	} else {
		north := (target.GetLatitude() - c.place.Latitude) * metersPerDegree
		east := (target.GetLongitude() - c.place.Longitude) * metersPerDegreeEast
		if math.Hypot(north, east) <= step {
			c.place, c.speed = rideclient.Place{Latitude: target.GetLatitude(), Longitude: target.GetLongitude()}, 0
			return true
		}
		c.course = math.Mod(math.Atan2(east, north)*180/math.Pi+360, 360)
	}
	c.speed = c.fullSpeed
	c.place.Latitude += step * math.Cos(c.course*math.Pi/180) / metersPerDegree
	c.place.Longitude += step * math.Sin(c.course*math.Pi/180) / metersPerDegreeEast
	return false
}

func (c *car) fix() *pb.Fix {
	accuracy, speed := uint32(50), uint32(math.Round(c.speed*100))
	fix := &pb.Fix{
		SensorTimeUnixMs:             time.Now().UnixMilli(),
		LatitudeE7:                   int32(math.Round(c.place.Latitude * 1e7)),
		LongitudeE7:                  int32(math.Round(c.place.Longitude * 1e7)),
		HorizontalAccuracyDecimeters: &accuracy,
		SpeedCentimetersPerSecond:    &speed,
	}
	if c.speed > 0 {
		course := uint32(math.Round(c.course*100)) % 36_000
		fix.CourseCentidegrees = &course
	}
	return fix
}
