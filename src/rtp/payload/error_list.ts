/** More would only repeat themselves. */
const maxErrors = 8;

const none: readonly string[] = [];

/** Why parts of a unit were dropped: short, without repetitions, allocated only when there is something to say. */
export class ErrorList {
  #texts: string[] | null = null;

  add(text: string): void {
    this.#texts ??= [];
    if (this.#texts.length < maxErrors && !this.#texts.includes(text)) this.#texts.push(text);
  }

  get list(): readonly string[] {
    return this.#texts ?? none;
  }
}
