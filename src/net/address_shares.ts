import { ownerOf } from "./ip.ts";

/**
 * Who may have one more of a limited number of places. Each address may take as many as are free: one alone gets half of
 * them, two a third each. So a few addresses never take everything, and a site whose clients all come from one address
 * has room as long as there is room. IPv6 addresses count by their network of 64 bits.
 */
export class AddressShares {
  readonly #taken = new Map<string, number>();
  #total = 0;

  /** `places`: for all addresses together. */
  constructor(private readonly places: number) {}

  /** Null when there is no place, or none for this address. The function gives the place back, once. */
  take(ip: string): (() => void) | null {
    const owner = ownerOf(ip);
    const taken = this.#taken.get(owner) ?? 0;
    if (taken >= this.places - this.#total) return null;
    this.#taken.set(owner, taken + 1);
    this.#total++;
    let back = false;
    return () => {
      if (back) return;
      back = true;
      this.#total--;
      const others = this.#taken.get(owner)! - 1;
      if (others === 0) this.#taken.delete(owner);
      else this.#taken.set(owner, others);
    };
  }
}
