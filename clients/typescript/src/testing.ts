// A server in the same process, to try a page's code without one.
export { createRouterTransport } from "@connectrpc/connect";
