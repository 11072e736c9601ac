package com.ridetracking.examples;

import com.google.type.LatLng;
import com.ridetracking.v1.Fix;

/** A simulated car that drives straight lines, and a circle while there is nowhere to go. */
final class Car {
  private static final double METERS_PER_DEGREE = 111_195;

  private final double fullSpeed; // metres per second
  private double latitude;
  private double longitude;
  private double course; // degrees clockwise from north
  private double speed;

  Car(LatLng place, double fullSpeed) {
    latitude = place.getLatitude();
    longitude = place.getLongitude();
    speed = fullSpeed;
    this.fullSpeed = fullSpeed;
  }

  void cruise(double seconds) {
    course = (course + 6) % 360;
    advance(fullSpeed * seconds);
  }

  /** Whether it has arrived. */
  boolean driveTo(LatLng target, double seconds) {
    double north = (target.getLatitude() - latitude) * METERS_PER_DEGREE;
    double east = (target.getLongitude() - longitude) * metersPerDegreeEast();
    if (Math.hypot(north, east) <= fullSpeed * seconds) {
      latitude = target.getLatitude();
      longitude = target.getLongitude();
      speed = 0;
      return true;
    }
    course = (Math.toDegrees(Math.atan2(east, north)) + 360) % 360;
    advance(fullSpeed * seconds);
    return false;
  }

  Fix.Builder fix() {
    Fix.Builder fix = Fix.newBuilder()
        .setSensorTimeUnixMs(System.currentTimeMillis())
        .setLatitudeE7((int) Math.round(latitude * 1e7))
        .setLongitudeE7((int) Math.round(longitude * 1e7))
        .setHorizontalAccuracyDecimeters(50)
        .setSpeedCentimetersPerSecond((int) Math.round(speed * 100));
    return speed > 0 ? fix.setCourseCentidegrees((int) Math.round(course * 100) % 36_000) : fix;
  }

  private void advance(double meters) {
    speed = fullSpeed;
    double east = meters * Math.sin(Math.toRadians(course)) / metersPerDegreeEast();
    latitude += meters * Math.cos(Math.toRadians(course)) / METERS_PER_DEGREE;
    longitude += east;
  }

  private double metersPerDegreeEast() {
    return METERS_PER_DEGREE * Math.cos(Math.toRadians(latitude));
  }
}
