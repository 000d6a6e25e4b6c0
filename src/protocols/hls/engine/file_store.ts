/** The media files that can be fetched now. */
export interface FileObserver {
  /** A segment or an init segment is complete. Parts are not told: they are pieces of segments. */
  added(name: string, bytes: Uint8Array<ArrayBuffer>): void;
  removed(name: string): void;
}

/** Looks away. */
export const noObserver: FileObserver = { added() {}, removed() {} };

export class FileStore {
  readonly #files = new Map<string, Uint8Array<ArrayBuffer>>();
  readonly #parts = new Map<string, Uint8Array<ArrayBuffer>>();
  #size = 0;

  constructor(private readonly observer: FileObserver) {}

  get(name: string): Uint8Array<ArrayBuffer> | undefined {
    return this.#files.get(name) ?? this.#parts.get(name);
  }

  addPart(name: string, bytes: Uint8Array<ArrayBuffer>): void {
    this.#parts.set(name, bytes);
  }

  add(name: string, bytes: Uint8Array<ArrayBuffer>): void {
    this.#files.set(name, bytes);
    this.#size += bytes.length;
    this.observer.added(name, bytes);
  }

  /**
   * A segment out of its parts, which become views of its buffer: the bytes exist once.
   * Returns the size.
   */
  join(name: string, parts: readonly string[]): number {
    const pieces = parts.map((part) => this.#parts.get(part)!);
    let size = 0;
    for (const piece of pieces) size += piece.length;
    // A segment of one part needs no copy.
    const bytes = pieces.length === 1 ? pieces[0] : new Uint8Array(size);
    let at = 0;
    pieces.forEach((piece, i) => {
      if (pieces.length > 1) bytes.set(piece, at);
      this.#parts.set(parts[i], bytes.subarray(at, at + piece.length));
      at += piece.length;
    });
    this.add(name, bytes);
    return size;
  }

  remove(name: string, parts: readonly string[] = []): void {
    for (const part of parts) this.#parts.delete(part);
    const bytes = this.#files.get(name);
    if (bytes === undefined) return;
    this.#files.delete(name);
    this.#size -= bytes.length;
    this.observer.removed(name);
  }

  /** Bytes of segments and init segments. */
  get size(): number {
    return this.#size;
  }

  clear(): void {
    this.#parts.clear();
    for (const name of [...this.#files.keys()]) this.remove(name);
  }
}
