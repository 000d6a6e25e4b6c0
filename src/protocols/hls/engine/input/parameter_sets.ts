/** The parameter sets that are in force, by kind and id: streams may use several of a kind. */
import { bytesEqual } from "../../../../base/bytes.ts";

/** H.265 has 16 of each and H.264 32; more ids only waste memory. */
const maxSetsOfKind = 32;

export class ParameterSets {
  /** By kind (NAL unit type), then by id. */
  readonly #sets = new Map<number, Map<number, Uint8Array>>();

  /**
   * The sets of one access unit. With `replace` they are all there is of their kinds: an encoder that starts anew may
   * take other ids. Returns whether anything changed.
   */
  update(units: readonly { kind: number; id: number; bytes: Uint8Array }[], replace: boolean): boolean {
    let changed = false;
    const seen = new Map<number, Set<number>>();
    for (const { kind, id, bytes } of units) {
      const ofKind = this.#sets.get(kind) ?? new Map<number, Uint8Array>();
      this.#sets.set(kind, ofKind);
      const known = ofKind.get(id);
      const isNew = known === undefined || !bytesEqual(known, bytes);
      if (isNew && (known !== undefined || ofKind.size < maxSetsOfKind)) {
        // A copy: the view would keep a whole receive buffer alive.
        ofKind.set(id, bytes.slice());
        changed = true;
      }
      if (!seen.has(kind)) seen.set(kind, new Set());
      seen.get(kind)!.add(id);
    }
    if (!replace) return changed;
    for (const [kind, ids] of seen) {
      for (const id of [...this.#sets.get(kind)!.keys()]) {
        if (ids.has(id)) continue;
        this.#sets.get(kind)!.delete(id);
        changed = true;
      }
    }
    return changed;
  }

  ofKind(kind: number): Uint8Array[] {
    return [...this.#sets.get(kind)?.values() ?? []];
  }

  has(kind: number, bytes: Uint8Array): boolean {
    for (const known of this.#sets.get(kind)?.values() ?? []) if (bytesEqual(known, bytes)) return true;
    return false;
  }
}
