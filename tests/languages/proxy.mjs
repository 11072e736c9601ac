// A bad network: hands bytes on between clients and the server, and cuts all connections when told to.
import { connect, createServer } from "node:net";
import { once } from "node:events";

export class Proxy {
  #listener;
  #sockets = new Set();
  #target;

  constructor(target) {
    this.#target = target;
    this.#listener = createServer((client) => {
      const server = connect({ port: Number(this.#target.split(":")[1]), host: this.#target.split(":")[0] });
      for (const [from, to] of [[client, server], [server, client]]) {
        this.#sockets.add(from);
        from.setNoDelay(true);
        from.on("error", () => {}); // a socket that fails closes, and that is handled
        from.on("close", () => {
          this.#sockets.delete(from);
          to.destroy();
        });
        from.pipe(to);
      }
    });
  }

  async listen() {
    this.#listener.listen(0, "127.0.0.1");
    await once(this.#listener, "listening");
    return this;
  }

  get address() {
    return `127.0.0.1:${this.#listener.address().port}`;
  }

  /** Without a word to either side (RST), as a network that changes does. The next connection passes again. */
  cut() {
    const count = this.#sockets.size;
    for (const socket of this.#sockets) socket.resetAndDestroy();
    return count;
  }

  close() {
    this.cut();
    this.#listener.close();
  }
}
