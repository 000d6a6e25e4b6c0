/**
 * Tells that something has happened in a folder with a certain name, also when it is another folder than before: removed
 * and made again, renamed, or reached through a link that was swapped. For that, those above it are watched, too.
 *
 * Deno keeps one watch of the system for each name in the whole process, and that one stays with the folder which had the
 * name first: it is given up for all at once, or never. So there is one table for all.
 */
import { dirname, sep } from "node:path";
import { errorText } from "../base/errors.ts";

/** On macOS folders are watched by their names, and with everything below them: those above are neither needed nor cheap. */
const needsAncestors = Deno.build.os !== "darwin";

/** The system ends watches of folders that are gone by itself, a moment later, and looks at the name only. */
const reopenMs = 50;

/** Who wants to know. */
export interface FolderListener {
  /** Something may have changed. */
  readonly changed: () => void;
  /** Nothing, or nothing more, will be noticed; why. */
  readonly warn: (text: string) => void;
}

/** One name: the folder of somebody, or above such a one. */
interface Watched {
  readonly listeners: Set<FolderListener>;
  /** Calls of `watchFolder` that need it. */
  users: number;
  /** Null while there is no such folder. */
  watcher: Deno.FsWatcher | null;
  /** Settles when nobody reads from a watcher any more. */
  reading: Promise<void>;
}

const table = new Map<string, Watched>();
/** Names whose watchers are begun anew when nothing happens to them for a while. */
const forgotten = new Set<string>();
let timer: ReturnType<typeof setTimeout> | undefined;

/**
 * `folder` is absolute and need not exist; the listener must not throw. The returned function ends it, and settles when
 * nothing is open any more.
 */
export function watchFolder(folder: string, listener: FolderListener): () => Promise<void> {
  const names = [...(needsAncestors ? ancestorsOf(folder) : []), folder];
  for (const name of names) {
    const watched = table.get(name) ??
      { listeners: new Set(), users: 0, watcher: null, reading: Promise.resolve() };
    table.set(name, watched);
    watched.users++;
    if (name === folder) watched.listeners.add(listener);
    open(name, watched);
  }
  return async () => {
    table.get(folder)?.listeners.delete(listener);
    await Promise.all(names.map(release));
  };
}

/** The root first. */
function ancestorsOf(folder: string): string[] {
  const above = dirname(folder);
  return above === folder ? [] : [...ancestorsOf(above), above];
}

async function release(name: string): Promise<void> {
  const watched = table.get(name)!;
  watched.users--;
  if (watched.users > 0) return;
  table.delete(name);
  forgotten.delete(name);
  if (forgotten.size === 0) clearTimeout(timer);
  watched.watcher?.close();
  await watched.reading;
}

function open(name: string, watched: Watched): void {
  if (watched.watcher !== null) return;
  try {
    watched.watcher = Deno.watchFs(name, { recursive: false });
  } catch (error) {
    // Its coming is noticed by the watcher above it.
    if (needsAncestors && error instanceof Deno.errors.NotFound) return;
    for (const { warn } of watched.listeners) {
      warn(`changes in ${name} will not be noticed: ${errorText(error)}`);
    }
    return;
  }
  const before = watched.reading;
  watched.reading = read(name, watched, watched.watcher).then(() => before);
}

async function read(name: string, { listeners }: Watched, watcher: Deno.FsWatcher): Promise<void> {
  try {
    for await (const event of watcher) happened(name, event);
  } catch (error) {
    for (const { warn } of listeners) {
      warn(`changes in ${name} are not noticed any more: ${errorText(error)}`);
    }
  }
}

function happened(name: string, { kind, paths }: Deno.FsEvent): void {
  if (kind === "access") return;
  if (kind !== "modify") { for (const path of paths) forget(path); }
  for (const { changed } of [...table.get(name)?.listeners ?? []]) changed();
}

/** The name may be that of another folder now, or of none; so may those below it. */
function forget(path: string): void {
  for (const [name, watched] of table) {
    if (name !== path && !name.startsWith(path + sep)) continue;
    watched.watcher?.close();
    watched.watcher = null;
    forgotten.add(name);
    clearTimeout(timer);
    timer = setTimeout(reopen, reopenMs);
  }
}

function reopen(): void {
  // Those above first: what comes meanwhile is noticed by them.
  const names = [...forgotten].sort((a, b) => a.length - b.length);
  forgotten.clear();
  for (const name of names) {
    const watched = table.get(name);
    if (watched === undefined) continue;
    open(name, watched);
    for (const { changed } of [...watched.listeners]) changed();
  }
}
