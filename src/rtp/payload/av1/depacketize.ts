import { concat } from "../../../base/bytes.ts";
import { errorText, ParseError } from "../../../base/errors.ts";
import { parseLeb128 } from "../../../codecs/av1/leb128.ts";
import { isDropped, maxObus, stripSizeField } from "../../../codecs/av1/obu.ts";
import type { RtpPacket } from "../../packet.ts";
import { ErrorList } from "../error_list.ts";
import { type DepacketizeResult, maxUnitSize } from "../payload.ts";
import { elementCount, Flag } from "./header.ts";

/** OBU elements of one packet, as views. Throws ParseError. */
function parseElements(payload: Uint8Array): Uint8Array[] {
  const count = elementCount(payload[0]);
  const elements: Uint8Array[] = [];
  let at = 1;
  while (at < payload.length) {
    let end = payload.length;
    if (count === 0 || elements.length < count - 1) {
      const size = parseLeb128(payload, at, "OBU element size");
      at += size.size;
      end = at + size.value;
    }
    if (end > payload.length) throw new ParseError("OBU element", "runs over the packet", at);
    elements.push(payload.subarray(at, end));
    at = end;
  }
  return elements;
}

class ObuCollector {
  readonly errors = new ErrorList();
  readonly obus: Uint8Array[] = [];
  /** Fragments of the OBU in progress. */
  open: Uint8Array[] | null = null;

  add(obu: Uint8Array): void {
    if (obu.length === 0 || isDropped(obu)) return;
    if (this.obus.length === maxObus) {
      this.errors.add(`temporal unit has more than ${maxObus} OBUs`);
      return;
    }
    try {
      this.obus.push(stripSizeField(obu));
    } catch (error) {
      this.errors.add(errorText(error));
    }
  }

  lose(text: string): void {
    if (this.open !== null) this.errors.add(text);
    this.open = null;
  }

  packet(payload: Uint8Array): void {
    const elements = parseElements(payload);
    const continues = (payload[0] & Flag.continues) !== 0;
    const continued = (payload[0] & Flag.continued) !== 0;
    if (!continues) this.lose("end of a fragmented OBU is missing");
    elements.forEach((element, i) => {
      const isLast = i === elements.length - 1;
      const goesOn = isLast && continued;
      if (i === 0 && continues) {
        if (this.open === null) {
          this.errors.add("start of a fragmented OBU is missing");
          return;
        }
        this.open.push(element);
        if (goesOn) return;
        this.add(concat(this.open));
        this.open = null;
      } else if (goesOn) {
        this.open = [element];
      } else {
        this.add(element);
      }
    });
  }
}

/** The packets of one temporal unit in sequence order. */
export function depacketizeAv1(packets: readonly RtpPacket[]): DepacketizeResult {
  const out = new ObuCollector();
  let next = -1;
  let size = 0;
  for (const { payload, sequence } of packets) {
    if (next >= 0 && sequence !== next) out.lose("part of a fragmented OBU is missing");
    next = (sequence + 1) & 0xffff;
    size += payload.length;
    if (size > maxUnitSize) {
      out.errors.add(`temporal unit is larger than ${maxUnitSize} bytes`);
      return { payload: null, errors: out.errors.list };
    }
    if (payload.length < 2) continue;
    try {
      out.packet(payload);
    } catch (error) {
      out.open = null;
      out.errors.add(errorText(error));
    }
  }
  out.lose("end of a fragmented OBU is missing");
  return { payload: out.obus.length > 0 ? out.obus : null, errors: out.errors.list };
}
