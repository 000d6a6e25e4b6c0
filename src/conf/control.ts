/** What may be done to the configuration while the server runs. The implementation is `app/conf_control.ts`. */
import type { Conf } from "./conf.ts";
import type { Overlay } from "./overlay.ts";
import type { RawMap } from "./raw.ts";
import { UserError } from "../base/errors.ts";

/** One change, in the written form of the file (`readTimeout: "10s"`). Null values leave their key as it is. */
export type ConfEdit =
  | { readonly kind: "patchGlobal"; readonly values: RawMap }
  | { readonly kind: "patchPathDefaults"; readonly values: RawMap }
  | { readonly kind: "addPath"; readonly name: string; readonly values: RawMap }
  | { readonly kind: "patchPath"; readonly name: string; readonly values: RawMap }
  | { readonly kind: "replacePath"; readonly name: string; readonly values: RawMap }
  | { readonly kind: "deletePath"; readonly name: string }
  /** Takes back what the API has changed. */
  | { readonly kind: "reset" };

/** There is no such entry in the configuration. HTTP 404. */
export class NoSuchPathError extends UserError {
  /** Name of the class. */
  override readonly name = "NoSuchPathError";
}

/** The configuration in use, and the way to another one. */
export interface ConfControl {
  /** The one in use. */
  readonly conf: Conf;
  /** What the API has changed since the file was loaded. */
  readonly overlay: Overlay;
  /** The file that changes are kept in; undefined when they are forgotten at the end. */
  readonly overlayFile: string | undefined;
  /**
   * Settles when the change is in effect, and kept if it has to be. Throws UserError, mostly ConfError, when it is not
   * possible: everything is as before then. Changes come into effect one after the other.
   */
  edit(edit: ConfEdit): Promise<void>;
  /** Reads file and environment again. Throws as `edit` does. */
  reload(): Promise<void>;
}
