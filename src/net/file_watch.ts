/**
 * Tells when files have other contents than before: written in place, renamed over, or reached through a symbolic link that
 * now leads elsewhere (as a mounted ConfigMap does). Folders are watched, not files, which may go and come back.
 */
import { dirname, resolve } from "node:path";
import { errorText } from "../base/errors.ts";
import type { Logger } from "../base/logger.ts";
import { Scope } from "../base/scope.ts";

/** A file is often written in several steps: it has to look the same for this long. */
const settleMs = 50;

/** Watches until `close`. */
export class FileWatch {
  readonly #scope = new Scope();
  readonly #paths: readonly string[];
  readonly #seen = new Map<string, string>();
  /** Looks different since the last time. */
  readonly #changing = new Map<string, string>();
  /** By folder. */
  readonly #watchers = new Map<string, Deno.FsWatcher>();
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
    this.#scope.defer(() => {
      for (const watcher of this.#watchers.values()) watcher.close();
    });
  }

  /** Links may lead to other folders than before. */
  #watchFolders(): void {
    const wanted = new Set(this.#paths.flatMap(foldersOf));
    for (const [folder, watcher] of this.#watchers) {
      if (wanted.has(folder)) continue;
      this.#watchers.delete(folder);
      watcher.close();
    }
    for (const folder of wanted) if (!this.#watchers.has(folder)) this.#watchFolder(folder);
  }

  #watchFolder(folder: string): void {
    let watcher: Deno.FsWatcher;
    try {
      watcher = Deno.watchFs(folder, { recursive: false });
    } catch (error) {
      this.logger.warn(`changes in ${folder} will not be noticed: ${errorText(error)}`);
      return;
    }
    this.#watchers.set(folder, watcher);
    this.#scope.run(async () => {
      for await (const event of watcher) if (event.kind !== "access") this.#settle();
    }, (error) => this.logger.warn(`changes in ${folder} are not noticed any more: ${errorText(error)}`));
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
      this.#compare();
      if (this.#scope.closed) return;
      this.#watchFolders();
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
