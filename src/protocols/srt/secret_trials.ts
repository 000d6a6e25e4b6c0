import { ownerOf } from "../../net/ip.ts";

/** Wrong passphrases of one address in one period; each costs half a millisecond. */
const maxFailures = 50;
const periodMs = 1000;

/** Holds up hosts that try one passphrase after the other. Forgets everything each second. */
export class SecretTrials {
  readonly #failures = new Map<string, number>();
  #since = -Infinity;

  #at(now: number): Map<string, number> {
    if (now - this.#since >= periodMs) {
      this.#since = now;
      this.#failures.clear();
    }
    return this.#failures;
  }

  /** `now`: milliseconds of a steady clock. */
  mayTry(ip: string, now: number = performance.now()): boolean {
    return (this.#at(now).get(ownerOf(ip)) ?? 0) < maxFailures;
  }

  failed(ip: string, now: number = performance.now()): void {
    const failures = this.#at(now);
    const owner = ownerOf(ip);
    failures.set(owner, (failures.get(owner) ?? 0) + 1);
  }
}
