/** Changes of the configuration, one after the other: layers, checks, components, file of the overlay. */
import { errorText, UserError } from "../base/errors.ts";
import type { Logger } from "../base/logger.ts";
import {
  applyEdit,
  type BaseConf,
  buildLayers,
  type Conf,
  type ConfControl,
  type ConfEdit,
  type ConfIo,
  emptyOverlay,
  loadBase,
  type LoadedConf,
  loadOverlay,
  type Overlay,
  overlayPath,
  serializeOverlay,
  withoutIdleDeletions,
} from "../conf/mod.ts";

/** What changes need. */
export interface ConfConnection {
  readonly logger: Logger;
  /** Makes the configuration the one in use, or throws and leaves everything as it is. */
  readonly activate: (loaded: LoadedConf) => Promise<void>;
}

/** Where configurations come from, and where changes are kept. */
export interface ConfPlace {
  readonly io: ConfIo;
  /** As given on the command line; empty for the usual places. */
  readonly path: string;
  /** Replaces a file as a whole, readable by its owner only. */
  readonly writeFile: (path: string, text: string) => Promise<void>;
}

/** The configuration of a running server. */
export class LiveConf implements ConfControl {
  #base: BaseConf;
  #overlay: Overlay;
  #conf: Conf;
  #connection: ConfConnection | undefined;
  /** Settles, never rejects, when the last change that was asked for has been made or refused. */
  #last: Promise<void> = Promise.resolve();

  private constructor(
    private readonly place: ConfPlace,
    base: BaseConf,
    overlay: Overlay,
    readonly loaded: LoadedConf,
  ) {
    this.#base = base;
    this.#overlay = overlay;
    this.#conf = loaded.conf;
  }

  /** Loads it for the first time. Throws ConfError. */
  static async load(place: ConfPlace): Promise<LiveConf> {
    const { io, path } = place;
    const base = await loadBase(io, path);
    const overlay = await loadOverlay(io, base);
    return new LiveConf(
      place,
      base,
      overlay,
      await buildLayers(io, base, overlay, { file: overlayPath(io, base) }),
    );
  }

  /** Must be called before the first change. */
  connect(connection: ConfConnection): void {
    this.#connection = connection;
  }

  get conf(): Conf {
    return this.#conf;
  }

  get overlay(): Overlay {
    return this.#overlay;
  }

  get overlayFile(): string | undefined {
    return overlayPath(this.place.io, this.#base);
  }

  edit(edit: ConfEdit): Promise<void> {
    return this.#queue(async () => {
      const overlay = withoutIdleDeletions(applyEdit(edit, this.#overlay, this.#conf), this.#base.raw);
      const loaded = await buildLayers(this.place.io, this.#base, overlay, { file: undefined });
      const before = this.#overlay;
      await this.#keep(overlay);
      try {
        await this.#activate(loaded);
      } catch (error) {
        // Why the change was refused is worth more than that the file could not be put back.
        await this.#keep(before).catch(({ message }) => this.#connection?.logger.error(message));
        throw error;
      }
      this.#overlay = overlay;
    });
  }

  reload(): Promise<void> {
    return this.#queue(async () => {
      const { io, path } = this.place;
      // A file that is missing for a moment must not make way for another one, or for no configuration at all.
      const base = await loadBase(io, this.#base.file ?? path);
      // What is kept nowhere is taken back by the file, as users of the original expect.
      const overlay = overlayPath(io, base) === undefined ? emptyOverlay : await loadOverlay(io, base);
      await this.#activate(await buildLayers(io, base, overlay, { file: overlayPath(io, base) }));
      this.#base = base;
      this.#overlay = overlay;
    });
  }

  async #activate(loaded: LoadedConf): Promise<void> {
    if (this.#connection === undefined) throw new Error("a change came before the server was ready for it");
    await this.#connection.activate(loaded);
    this.#conf = loaded.conf;
  }

  async #keep(overlay: Overlay): Promise<void> {
    const file = this.overlayFile;
    if (file === undefined) return;
    try {
      await this.place.writeFile(file, serializeOverlay(overlay));
    } catch (error) {
      throw new UserError(`apiPersist: ${file} cannot be written: ${errorText(error)}`);
    }
  }

  #queue(change: () => Promise<void>): Promise<void> {
    const done = this.#last.then(change);
    this.#last = done.catch(() => {});
    return done;
  }
}
