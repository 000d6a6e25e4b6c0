// @ts-check
/** What the pages have in common; it becomes a part of each. */

/**
 * @template {HTMLElement} T
 * @param {string} id
 * @param {new () => T} kind
 * @returns {T}
 */
export function find(id, kind) {
  const element = document.getElementById(id);
  if (!(element instanceof kind)) throw new Error(`the page has no ${kind.name} ${id}`);
  return element;
}

/**
 * `text` as yes or no; else what counts otherwise.
 * @param {string | null} text
 * @param {boolean} otherwise
 */
export function parseFlag(text, otherwise) {
  const value = text?.toLowerCase() ?? "";
  if (["1", "yes", "true"].includes(value)) return true;
  if (["0", "no", "false"].includes(value)) return false;
  return otherwise;
}

/**
 * The path for people: `/cam%201/` → `cam 1`.
 * @param {string} pathname of the page
 */
export function pathName(pathname) {
  const name = pathname.replace(/^\/+|\/+$/g, "");
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}

/** Seconds for people. @param {number} ms */
export function retryText(ms) {
  return `Trying again every ${Math.round(ms / 1000)} seconds`;
}

/** The words in the middle of the page: elements `message`, `text` and `detail`. */
export class Message {
  #box = find("message", HTMLElement);
  #text = find("text", HTMLElement);
  #detail = find("detail", HTMLElement);

  /** Empty: none is shown. */
  get words() {
    return this.#text.textContent ?? "";
  }

  /**
   * @param {string} words
   * @param {string} [more] in small letters
   * @param {boolean} [isWaiting] with a sign that something goes on
   */
  show(words, more = "", isWaiting = true) {
    this.#box.hidden = words === "";
    this.#box.classList.toggle("waiting", isWaiting);
    // Screen readers would say the same words again.
    if (this.words !== words) this.#text.textContent = words;
    this.#detail.textContent = more;
    this.#detail.hidden = more === "";
  }
}
