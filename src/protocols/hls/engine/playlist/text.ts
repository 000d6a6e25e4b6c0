/** A playlist that is written once and served to many, each with an own query behind every URI. */
export class PlaylistText {
  /** Joined with the query, when there is one. */
  readonly #pieces: string[] = [];
  #text = "";

  line(text: string): this {
    this.#text += `${text}\n`;
    return this;
  }

  /** A line with a URI of our own in it. */
  uri(before: string, uri: string, after = ""): this {
    this.#pieces.push(`${this.#text}${before}${uri}`);
    this.#text = `${after}\n`;
    return this;
  }

  /** `query` without question mark, percent-encoded: it must not hold quotes or line ends. */
  finish(): PlaylistBody {
    return new PlaylistBody([...this.#pieces, this.#text]);
  }
}

/** The finished text: only the query is still open. */
export class PlaylistBody {
  #plain: Uint8Array<ArrayBuffer> | null = null;

  constructor(private readonly pieces: readonly string[]) {}

  /** `query` without question mark; empty for none. */
  bytes(query: string): Uint8Array<ArrayBuffer> {
    if (query !== "") return encoder.encode(this.pieces.join(`?${query}`));
    return this.#plain ??= encoder.encode(this.pieces.join(""));
  }
}

const encoder = new TextEncoder();
