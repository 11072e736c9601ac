// A simulated car that drives straight lines, and a circle while there is nowhere to go.
const metersPerDegree = 111_195;
const radians = Math.PI / 180;

export class Car {
  #latitude;
  #longitude;
  #course = 0; // degrees clockwise from north
  #speed; // metres per second
  #fullSpeed;

  constructor({ latitude, longitude }, fullSpeed) {
    this.#latitude = latitude;
    this.#longitude = longitude;
    this.#speed = this.#fullSpeed = fullSpeed;
  }

  /** Whether it has arrived. */
  move(target, elapsedSeconds) {
    const step = this.#fullSpeed * elapsedSeconds;
    const metersPerDegreeEast = metersPerDegree * Math.cos(this.#latitude * radians);
    if (target) {
      const north = (target.latitude - this.#latitude) * metersPerDegree;
      const east = (target.longitude - this.#longitude) * metersPerDegreeEast;
      if (Math.hypot(north, east) <= step) {
        [this.#latitude, this.#longitude, this.#speed] = [target.latitude, target.longitude, 0];
        return true;
      }
      this.#course = (Math.atan2(east, north) / radians + 360) % 360;
    } else {
      this.#course = (this.#course + 6) % 360;
    }
    this.#speed = this.#fullSpeed;
    this.#latitude += (step * Math.cos(this.#course * radians)) / metersPerDegree;
    this.#longitude += (step * Math.sin(this.#course * radians)) / metersPerDegreeEast;
    return false;
  }

  fix() {
    return {
      sensorTimeUnixMs: Date.now(),
      latitudeE7: Math.round(this.#latitude * 1e7),
      longitudeE7: Math.round(this.#longitude * 1e7),
      horizontalAccuracyDecimeters: 50,
      speedCentimetersPerSecond: Math.round(this.#speed * 100),
      courseCentidegrees: this.#speed > 0 ? Math.round(this.#course * 100) % 36_000 : undefined,
    };
  }
}
