/** Which session the packets of an address belong to, on a socket that many share. */
import type { NetAddress } from "../../../net/address.ts";

/** An address belongs to its session until somebody else proves a claim after this silence. */
export const claimAfterMs = 8_000;

interface Route<S> {
  session: S | null;
  /** The last authenticated message of the session from here. */
  heardAt: number;
}

/**
 * Sockets give the same object for the same address as long as they can, so that a packet costs a comparison or a look
 * into the weak map; text is made only for new objects. Only authenticated addresses are kept.
 */
export class RouteTable<S> {
  readonly #byText = new Map<string, Route<S>>();
  readonly #byObject = new WeakMap<NetAddress, Route<S>>();
  #lastFrom: NetAddress | null = null;
  #lastRoute: Route<S> | null = null;

  get size(): number {
    return this.#byText.size;
  }

  find(from: NetAddress): S | null {
    if (from === this.#lastFrom && this.#lastRoute !== null && this.#lastRoute.session !== null) {
      return this.#lastRoute.session;
    }
    if (this.#byText.size === 0) return null;
    let route = this.#byObject.get(from);
    if (route === undefined || route.session === null) {
      route = this.#byText.get(`${from.ip} ${from.port}`);
      if (route === undefined) return null;
      this.#byObject.set(from, route);
    }
    this.#lastFrom = from;
    this.#lastRoute = route;
    return route.session;
  }

  /** True when the session could take the address: nobody who is alive has it. */
  mayBind(from: NetAddress, session: S, now: number): boolean {
    const route = this.#byText.get(`${from.ip} ${from.port}`);
    return route === undefined || route.session === session || now - route.heardAt >= claimAfterMs;
  }

  bind(from: NetAddress, session: S, now: number): void {
    const key = `${from.ip} ${from.port}`;
    const route = this.#byText.get(key);
    if (route === undefined) this.#byText.set(key, { session, heardAt: now });
    else {
      route.session = session;
      route.heardAt = now;
    }
  }

  unbind(from: NetAddress, session: S): void {
    const key = `${from.ip} ${from.port}`;
    const route = this.#byText.get(key);
    if (route === undefined || route.session !== session) return;
    route.session = null;
    this.#byText.delete(key);
  }
}
