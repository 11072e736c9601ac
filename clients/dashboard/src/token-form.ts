import { element } from "./dom.ts";

/** Asks for a token where the server hands out none: outside development. */
export function askForToken(parent: HTMLElement): Promise<string> {
  const input = element("input");
  input.type = "password";
  input.required = true;
  input.autocomplete = "off";
  input.placeholder = "eyJ…";
  input.setAttribute("aria-label", "Access token");
  const form = element("form", "card token-form",
    element("h2", "", "Access token"),
    element("p", "", "This server wants a token of role ops. It is kept in this tab only and forgotten when the tab closes."),
    input,
    element("button", "button-primary", "Open the map"));
  const backdrop = element("div", "backdrop", form);
  parent.append(backdrop);
  input.focus();
  return new Promise((resolve) => {
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      backdrop.remove();
      resolve(input.value);
    });
  });
}
