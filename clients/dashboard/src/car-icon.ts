import { stateLooks, type CarState } from "./car-state.ts";

const svg = "http://www.w3.org/2000/svg";

/** The chevron of the map as a picture for lists. */
export function carIcon(state: CarState | undefined, isLost = false): SVGSVGElement {
  const icon = document.createElementNS(svg, "svg");
  icon.setAttribute("viewBox", "0 0 20 20");
  icon.setAttribute("aria-hidden", "true");
  icon.classList.add("car-icon");
  const path = document.createElementNS(svg, "path");
  const color = state === undefined ? "#8493a8" : (stateLooks[state]?.color ?? "#8493a8");
  path.setAttribute("d", "M10 2.4 16 17 10 14 4 17Z");
  path.setAttribute("stroke-linejoin", "round");
  path.setAttribute("stroke-width", "1.6");
  path.setAttribute("stroke", isLost ? color : "none");
  path.setAttribute("fill", isLost ? `${color}20` : color);
  icon.append(path);
  return icon;
}
