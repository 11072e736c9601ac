import type { IControl } from "maplibre-gl";
import { element } from "./dom.ts";

/** A button beside the zoom that goes back to where the cars are. */
export class ShowFleetControl implements IControl {
  private readonly root = element("div", "maplibregl-ctrl maplibregl-ctrl-group");

  constructor(onPressed: () => void) {
    const button = element("button", "show-fleet");
    button.type = "button";
    button.title = "Show the whole fleet";
    button.setAttribute("aria-label", button.title);
    const icon = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    icon.setAttribute("viewBox", "0 0 16 16");
    const path = document.createElementNS(icon.namespaceURI, "path");
    path.setAttribute("d", "M1 5V1h4M11 1h4v4M15 11v4h-4M5 15H1v-4M8 4.5 11 11 8 9.6 5 11Z");
    path.setAttribute("fill", "none");
    path.setAttribute("stroke", "currentColor");
    path.setAttribute("stroke-width", "1.6");
    path.setAttribute("stroke-linejoin", "round");
    icon.append(path);
    button.append(icon);
    button.addEventListener("click", onPressed);
    this.root.append(button);
  }

  onAdd(): HTMLElement {
    return this.root;
  }

  onRemove(): void {
    this.root.remove();
  }
}
