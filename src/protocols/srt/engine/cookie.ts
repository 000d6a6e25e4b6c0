import { createHmac } from "node:crypto";

/** How long, in microseconds, a cookie is good for: one to two of these. */
const period = 60_000_000;

/**
 * Cookies prove that a client gets what is sent to its address, before anything is kept for it. They are computed from
 * the address and the time, so nothing needs to be remembered.
 */
export class CookieJar {
  constructor(private readonly secret: Uint8Array) {}

  /** `address`: any text that is one client's; never 0. */
  create(address: string, now: number): number {
    return this.#at(address, Math.floor(now / period));
  }

  isValid(cookie: number, address: string, now: number): boolean {
    const at = Math.floor(now / period);
    return cookie === this.#at(address, at) || cookie === this.#at(address, at - 1);
  }

  #at(address: string, at: number): number {
    const digest = createHmac("sha256", this.secret).update(`${at} ${address}`).digest();
    return digest.readUInt32BE(0) || 1;
  }
}
