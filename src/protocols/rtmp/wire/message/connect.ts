/** The first command of a client (RTMP specification 1.0, §7.2.1.1; Enhanced RTMP v2, "Enhancing NetConnection connect"). */
import { ParseError } from "../../../../base/errors.ts";
import { type Amf0Object, type Amf0Value, entriesOf } from "../../../../containers/flv/amf0/value.ts";
import type { Command } from "./command.ts";

/** FourCCs that one client may list. */
export const maxFourCcs = 64;

/** Bits of `capsEx`. */
export const CapsEx = { reconnect: 1, multitrack: 2, modEx: 4, timestampNanoOffset: 8 } as const;
/** Bits of the values in the maps of FourCCs. */
export const FourCcInfo = { canDecode: 1, canEncode: 2, canForward: 4 } as const;
/** In the place of a FourCC: all of them. */
export const anyFourCc = "*";

export interface ConnectRequest {
  readonly app: string;
  readonly tcUrl: string;
  /** How the client calls itself, e.g. `FMLE/3.0 (compatible; Lavf61.7.100)`; may be empty. */
  readonly flashVer: string;
  /**
   * Codecs that the client takes in the form of Enhanced RTMP: of `fourCcList` and both maps. Empty: the client knows
   * only FLV as it was.
   */
  readonly fourCcs: ReadonlySet<string>;
  /** What of Enhanced RTMP v2 the client can; see `CapsEx`. */
  readonly capsEx: number;
}

/** Throws ParseError. */
export function parseConnect(command: Command): ConnectRequest {
  const entries = entriesOf(command.object);
  if (entries.size === 0) throw new ParseError("connect", "has no command object");
  const text = (key: string): string => {
    const value = entries.get(key);
    return typeof value === "string" ? value : "";
  };
  const capsEx = entries.get("capsEx");
  return {
    app: text("app"),
    tcUrl: text("tcUrl") || text("tcurl"),
    flashVer: text("flashVer") || text("flashver"),
    fourCcs: readFourCcs(entries),
    capsEx: typeof capsEx === "number" ? capsEx & 0xff : 0,
  };
}

function readFourCcs(entries: ReadonlyMap<string, Amf0Value>): Set<string> {
  const found = new Set<string>();
  const add = (value: Amf0Value) => {
    if (typeof value === "string" && value.length <= 4 && found.size < maxFourCcs) found.add(value);
  };
  const list = entries.get("fourCcList");
  if (typeof list === "object" && list !== null && list.kind === "strictArray") list.items.forEach(add);
  else for (const value of entriesOf(list).values()) add(value);
  for (const key of ["videoFourCcInfoMap", "audioFourCcInfoMap"]) {
    for (const [fourCc, mask] of entriesOf(entries.get(key))) {
      // What the client can only encode it does not want to get.
      if (typeof mask !== "number" || (mask & (FourCcInfo.canDecode | FourCcInfo.canForward)) !== 0) {
        add(fourCc);
      }
    }
  }
  return found;
}

/** The command object of our own client. */
export function connectObject(
  request: Pick<ConnectRequest, "app" | "tcUrl" | "flashVer"> & { readonly fourCcs: readonly string[] },
  publish: boolean,
): Amf0Object {
  const entries = new Map<string, Amf0Value>([
    ["app", request.app],
    ["flashVer", request.flashVer],
    ["tcUrl", request.tcUrl],
  ]);
  if (publish) entries.set("type", "nonprivate");
  else {
    entries.set("fpad", false);
    entries.set("capabilities", 15);
    entries.set("audioCodecs", 4071);
    entries.set("videoCodecs", 252);
    entries.set("videoFunction", 1);
  }
  if (request.fourCcs.length > 0) {
    entries.set("fourCcList", { kind: "strictArray", items: request.fourCcs });
    entries.set("capsEx", CapsEx.multitrack | CapsEx.modEx);
  }
  entries.set("objectEncoding", 0);
  return { kind: "object", entries };
}
