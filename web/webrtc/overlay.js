// @ts-check
/** The statistics over the picture, once a second while they are shown. */
import { find } from "../shared/page.js";
import { figureRows, figures } from "./statistics.js";

const periodMs = 1000;

/** @typedef {import("./statistics.js").Figures} Figures */

export class Overlay {
  #table = find("statistics", HTMLElement);
  #button = find("statistics-button", HTMLButtonElement);
  #source;
  #role;
  #onFigures;
  /** @type {import("./statistics.js").Report | null} */
  #before = null;
  /** @type {RTCPeerConnection | null} */
  #peer = null;

  /**
   * Its key is `s`.
   * @param {() => RTCPeerConnection | null} source
   * @param {"reading" | "publishing"} role
   * @param {(figures: Figures) => void} onFigures also while they are not shown
   */
  constructor(source, role, onFigures) {
    this.#source = source;
    this.#role = role;
    this.#onFigures = onFigures;
    this.#button.addEventListener("click", () => this.toggle());
    addEventListener("keydown", (event) => {
      const isTyping = event.target instanceof HTMLInputElement || event.target instanceof HTMLSelectElement;
      if (event.key === "s" && !isTyping && !event.ctrlKey && !event.metaKey && !event.altKey) this.toggle();
    });
    setInterval(() => this.#update(), periodMs);
  }

  toggle() {
    this.#table.hidden = !this.#table.hidden;
    this.#button.setAttribute("aria-expanded", String(!this.#table.hidden));
    void this.#update();
  }

  async #update() {
    const peer = this.#source();
    if (peer !== this.#peer) this.#before = null;
    this.#peer = peer;
    if (peer === null || document.hidden) {
      this.#table.replaceChildren();
      return;
    }
    const report = /** @type {any} */ (await peer.getStats());
    if (peer !== this.#source()) return;
    const now = figures(report, this.#before, this.#role);
    this.#before = report;
    this.#onFigures(now);
    if (!this.#table.hidden) this.#show(figureRows(now, this.#role));
  }

  /** @param {[label: string, text: string][]} rows */
  #show(rows) {
    this.#table.replaceChildren(...rows.map(([label, text]) => {
      const row = document.createElement("tr");
      const [head, cell] = [document.createElement("th"), document.createElement("td")];
      head.textContent = label;
      cell.textContent = text;
      row.append(head, cell);
      return row;
    }));
  }
}
