/** How a class of road is drawn; widths in CSS pixels. */
export interface RoadLook {
  readonly class: string;
  /** sRGB, `#rrggbb`: quiet enough for cars and routes to stand out. */
  readonly color: string;
  /** At zoom 10; 0 where it is not drawn yet. */
  readonly far: number;
  /** At zoom 18. */
  readonly near: number;
}

/** From the lowest to the topmost. */
export const roadLooks: readonly RoadLook[] = [
  { class: "track", color: "#1a242f", far: 0, near: 4 },
  { class: "service", color: "#1c2733", far: 0, near: 7 },
  { class: "living_street", color: "#202c39", far: 0.1, near: 12 },
  { class: "residential", color: "#253445", far: 0.25, near: 15 },
  { class: "unclassified", color: "#253445", far: 0.3, near: 15 },
  { class: "tertiary", color: "#29394b", far: 0.7, near: 19 },
  { class: "secondary", color: "#304356", far: 1, near: 23 },
  { class: "primary", color: "#384d63", far: 1.3, near: 26 },
  { class: "trunk", color: "#41576e", far: 1.7, near: 28 },
  { class: "motorway", color: "#4b627b", far: 2, near: 30 },
];

/** A ferry is a line on water, not a road. */
export const ferryClass = "ferry";
