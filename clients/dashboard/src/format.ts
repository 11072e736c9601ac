/** An age for people: "0.4 s", "12 s", "3 min 20 s", "2 h 5 min". */
export function formatAge(seconds: number): string {
  const age = Math.max(0, seconds);
  if (age < 10) return `${age.toFixed(1)} s`;
  if (age < 60) return `${Math.floor(age)} s`;
  if (age < 3600) return `${Math.floor(age / 60)} min ${Math.floor(age % 60)} s`;
  return `${Math.floor(age / 3600)} h ${Math.floor((age % 3600) / 60)} min`;
}

export function formatCount(count: number): string {
  return count.toLocaleString("en");
}

const points = ["N", "NE", "E", "SE", "S", "SW", "W", "NW"] as const;

/** "135° SE" */
export function formatCourse(degrees: number): string {
  return `${Math.round(degrees) % 360}° ${points[Math.round(degrees / 45) % 8]}`;
}

export function formatSpeed(metersPerSecond: number): string {
  return `${Math.round(metersPerSecond * 3.6)} km/h`;
}

export function formatPlace(latitude: number, longitude: number): string {
  const side = (degrees: number, positive: string, negative: string) =>
    `${Math.abs(degrees).toFixed(5)}° ${degrees < 0 ? negative : positive}`;
  return `${side(latitude, "N", "S")}, ${side(longitude, "E", "W")}`;
}

/** "1,240 m" */
export function formatDistance(meters: number): string {
  return `${formatCount(Math.round(meters))} m`;
}

/** A time until something, for people: "now", "in 40 s", "in 4 min", "in 1 h 5 min". */
export function formatWait(seconds: number): string {
  if (seconds < 5) return "now";
  if (seconds < 60) return `in ${Math.floor(seconds / 5) * 5} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 60 ? `in ${minutes} min` : `in ${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
