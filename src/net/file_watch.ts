/**
 * Tells when files have other contents than before: written in place, renamed over, or reached through a symbolic link that
 * now leads elsewhere (as a mounted ConfigMap does). Folders are watched, not files, which may go and come back; folders may
 * do so, too.
 */
import { dirname, resolve } from "node:path";
import { errorText } from "../base/errors.ts";
import type { Logger } from "../base/logger.ts";
import { Scope } from "../base/scope.ts";
import { watchFolder } from "./folder_watch.ts";

/** A file is often written in several steps: it has to look the same for this long. */
const settleMs = 50;

/** Watches until `close`. */
export class FileWatch {
  readonly #scope = new Scope();
  readonly #paths: readonly string[];
  readonly #seen = new Map<string, string>();
  /** Looks different since the last time. */
  readonly #changing = new Map<string, string>();
  /** How to end it, by folder. */
  readonly #watched = new Map<string, () => Promise<void>>();
  #timing = false;

  /** `onChange` gets the path, as given, of each file that has changed, once per change. */
  constructor(
    paths: readonly string[],
    private readonly logger: Logger,
    private readonly onChange: (path: string) => void,
  ) {
    this.#paths = [...new Set(paths)];
    for (const path of this.#paths) this.#seen.set(path, signature(path));
    this.#watchFolders();
    this.#scope.defer(async () => {
      await Promise.all([...this.#watched.values()].map((stop) => stop()));
    });
  }

  /** Links may lead to other folders than before. */
  #watchFolders(): void {
    const wanted = new Set(this.#paths.flatMap(foldersOf));
    for (const [folder, stop] of this.#watched) {
      if (wanted.has(folder)) continue;
      this.#watched.delete(folder);
      this.#scope.run(stop, (error) => this.logger.warn(errorText(error)));
    }
    for (const folder of wanted) {
      if (this.#watched.has(folder)) continue;
      const stop = watchFolder(folder, {
        changed: () => this.#settle(),
        warn: (text) => this.logger.warn(text),
      });
      this.#watched.set(folder, stop);
    }
  }

  /** Other files of the folder, such as logs, may change all the time: only ours have to be quiet. */
  #settle(): void {
    if (this.#timing) return;
    this.#compare();
    this.#wait();
  }

  #wait(): void {
    this.#timing = true;
    this.#scope.after(settleMs, () => {
      this.#timing = false;
      // First, so that nothing happens unseen between the two.
      this.#watchFolders();
      this.#compare();
      if (this.#scope.closed) return;
      if (this.#changing.size > 0) this.#wait();
    });
  }

  /** Tells of files that have changed, and look as they did at the last call. */
  #compare(): void {
    for (const path of this.#paths) {
      const now = signature(path);
      const before = this.#changing.get(path);
      this.#changing.delete(path);
      // A file that is missing now is being replaced: its successor will be noticed.
      if (now === "" || now === this.#seen.get(path)) continue;
      if (now !== before) {
        this.#changing.set(path, now);
        continue;
      }
      this.#seen.set(path, now);
      this.onChange(path);
    }
  }

  /** Ends the watching. */
  close(): Promise<void> {
    return this.#scope.close();
  }
}

function foldersOf(path: string): string[] {
  const folders = [dirname(resolve(path))];
  try {
    folders.push(dirname(Deno.realPathSync(path)));
  } catch {
    // Not there at the moment.
  }
  return folders;
}

/** Differs when the contents may differ; empty when there is no file. */
function signature(path: string): string {
  try {
    const { mtime, size, ino } = Deno.statSync(path);
    return [Deno.realPathSync(path), mtime?.getTime(), size, ino].join(" ");
  } catch {
    return "";
  }
}
