"""A simulated car."""

import math
import time

from ridetracking.v1 import fix_pb2

METERS_PER_DEGREE = 111_195


class Car:
    """Drives straight lines; a circle while there is nowhere to go."""

    def __init__(self, place: tuple[float, float], speed: float):
        self.latitude, self.longitude = place
        self.course, self.speed, self._full_speed = 0.0, speed, speed  # degrees, metres per second

    def move(self, target, seconds: float) -> bool:
        """Whether it has arrived."""
        step = self._full_speed * seconds
        if target is None:
            self.course = (self.course + 6) % 360
        else:
            north = (target.latitude - self.latitude) * METERS_PER_DEGREE
            east = (target.longitude - self.longitude) * METERS_PER_DEGREE * math.cos(math.radians(self.latitude))
            left = math.hypot(north, east)
            if left <= step:
                self.latitude, self.longitude, self.speed = target.latitude, target.longitude, 0.0
                return True
            self.course = math.degrees(math.atan2(east, north)) % 360
        self.speed = self._full_speed
        self.latitude += step * math.cos(math.radians(self.course)) / METERS_PER_DEGREE
        self.longitude += step * math.sin(math.radians(self.course)) / METERS_PER_DEGREE / math.cos(math.radians(self.latitude))
        return False

    def fix(self) -> fix_pb2.Fix:
        return fix_pb2.Fix(
            sensor_time_unix_ms=time.time_ns() // 1_000_000, latitude_e7=round(self.latitude * 1e7), longitude_e7=round(self.longitude * 1e7),
            horizontal_accuracy_decimeters=50, speed_centimeters_per_second=round(self.speed * 100),
            course_centidegrees=round(self.course * 100) % 36_000 if self.speed else None)
