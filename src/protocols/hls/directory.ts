/**
 * Segments and playlists as files, for a web server or a CDN. Each is written beside its place and renamed, so that nobody
 * reads half a file; a playlist comes after what it lists, and what has left it goes after that.
 *
 * Owned by a muxer, which calls `close`.
 */
import { errorText } from "../../base/errors.ts";
import type { Logger } from "../../base/logger.ts";
import { errorsLine, RateLimitedReport } from "../../base/rate_limited.ts";
import type { FileObserver } from "./engine/mod.ts";

/** Files that wait for a slow disk; then new ones are left out. */
const maxWaiting = 256;

/** Folders that are being left. A publisher may be back at once: its files must not meet the removal of the old ones. */
const leaving = new Map<string, Promise<void>>();

export class HlsDirectory implements FileObserver {
  readonly #written = new Set<string>();
  #removals: string[] = [];
  #waiting = 0;
  #last: Promise<void>;
  readonly #errors: RateLimitedReport;

  /** `folder` is this path's own. */
  constructor(private readonly folder: string, logger: Logger) {
    this.#errors = new RateLimitedReport(logger, errorsLine("unable to write HLS file"));
    this.#last = leaving.get(folder) ?? Promise.resolve();
  }

  added(name: string, bytes: Uint8Array<ArrayBuffer>): void {
    this.#write(name, bytes);
  }

  removed(name: string): void {
    this.#removals.push(name);
  }

  /** The playlists as they are now. */
  publish(playlists: readonly { readonly name: string; readonly bytes: Uint8Array<ArrayBuffer> }[]): void {
    for (const { name, bytes } of playlists) this.#write(name, bytes);
    for (const name of this.#removals.splice(0)) this.#run(() => this.#remove(name));
  }

  /** Removes everything that was written, and the folder if nothing else is in it. */
  async close(): Promise<void> {
    const left = this.#leave();
    leaving.set(this.folder, left);
    await left;
    if (leaving.get(this.folder) === left) leaving.delete(this.folder);
    this.#errors.flush(Date.now());
  }

  async #leave(): Promise<void> {
    await this.#last;
    for (const name of [...this.#written]) await this.#remove(name).catch(() => {});
    // Other paths may live below, or somebody's files.
    await Deno.remove(this.folder).catch(() => {});
  }

  #write(name: string, bytes: Uint8Array<ArrayBuffer>): void {
    if (this.#waiting >= maxWaiting) {
      return this.#errors.report(Date.now(), `${name} is left out: the disk is too slow`);
    }
    this.#run(async () => {
      try {
        await this.#put(name, bytes);
      } catch (error) {
        // The first file, or somebody has tidied up.
        if (!(error instanceof Deno.errors.NotFound)) throw error;
        await Deno.mkdir(this.folder, { recursive: true, mode: 0o755 });
        await this.#put(name, bytes);
      }
      this.#written.add(name);
    });
  }

  async #put(name: string, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    const temporary = `${this.folder}/.${name}.tmp`;
    await Deno.writeFile(temporary, bytes);
    await Deno.rename(temporary, `${this.folder}/${name}`);
  }

  async #remove(name: string): Promise<void> {
    if (!this.#written.delete(name)) return;
    await Deno.remove(`${this.folder}/${name}`);
  }

  /** One after the other, in the order of the calls. */
  #run(task: () => Promise<void>): void {
    this.#waiting++;
    this.#last = this.#last.then(task).catch((error) => {
      this.#errors.report(Date.now(), errorText(error));
    }).finally(() => {
      this.#waiting--;
    });
  }
}
