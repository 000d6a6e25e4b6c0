/** Checks and decrypts RTP and RTCP packets that we receive (RFC 3711, RFC 7714). */
import { timingSafeEqual } from "node:crypto";
import { readU32, rtcpClearSize, rtcpEncryptedFlag, rtcpTrailerSize, rtpClearSize } from "./header.ts";
import { createPacketCipher, type PacketCipher } from "./packet_cipher.ts";
import { deriveSessionKeys, type SrtpParameters } from "./profile.ts";
import { ReplayWindow, RolloverCounter, rolloverOf } from "./rollover.ts";

/** Sources that one peer may use under one key. */
export const maxSrtpSources = 256;

/** Why a packet was not accepted. */
export type Refusal =
  | "malformed"
  | "unknown key identifier"
  | "replayed"
  | "not authentic"
  | "too many sources";

/** `bytes` is a view of what was given. */
export type Unprotected =
  | { readonly kind: "ok"; readonly bytes: Uint8Array }
  | { readonly kind: "refused"; readonly reason: Refusal };

function refuse(reason: Refusal): Unprotected {
  return { kind: "refused", reason };
}

interface Source {
  readonly counter: RolloverCounter;
  readonly window: ReplayWindow;
}

/** Takes the protection off what one peer sends, and refuses what was forged or replayed. */
export class SrtpReceiver {
  readonly #rtp: PacketCipher;
  readonly #rtcp: PacketCipher;
  readonly #mki: Uint8Array;
  readonly #rollovers: ReadonlyMap<number, number>;
  readonly #sources = new Map<number, Source>();
  readonly #rtcpSources = new Map<number, ReplayWindow>();

  /** Throws UserError when key or salt do not fit the profile. */
  constructor(parameters: SrtpParameters) {
    const { crypto, profile } = parameters;
    this.#rtp = createPacketCipher(crypto, profile, deriveSessionKeys(parameters, "rtp"), "rtp");
    this.#rtcp = createPacketCipher(crypto, profile, deriveSessionKeys(parameters, "rtcp"), "rtcp");
    this.#mki = parameters.mki ?? new Uint8Array(0);
    this.#rollovers = parameters.rollovers ?? new Map();
  }

  #hasMki(bytes: Uint8Array, at: number): boolean {
    const size = this.#mki.length;
    return size === 0 || timingSafeEqual(bytes.subarray(at, at + size), this.#mki);
  }

  /** Works in place: whatever the result, `bytes` is used up. */
  unprotect(bytes: Uint8Array): Unprotected {
    const cipher = this.#rtp;
    const end = bytes.length - cipher.tagSize - this.#mki.length;
    const header = rtpClearSize(bytes, 0, end);
    if (header === undefined) return refuse("malformed");
    const mkiAt = cipher.tagFollowsPayload ? end + cipher.tagSize : end;
    if (!this.#hasMki(bytes, mkiAt)) return refuse("unknown key identifier");
    const ssrc = readU32(bytes, 8);
    const known = this.#sources.get(ssrc);
    if (known === undefined && this.#sources.size >= maxSrtpSources) return refuse("too many sources");
    const source = known ?? {
      counter: new RolloverCounter(this.#rollovers.get(ssrc) ?? 0),
      window: new ReplayWindow(),
    };
    const index = source.counter.estimate(bytes[2] << 8 | bytes[3]);
    if (!source.window.isFresh(index)) return refuse("replayed");
    const place = { start: 0, header, end, ssrc, tagAt: end + this.#mki.length };
    if (!cipher.open(bytes, place, index, rolloverOf(index), true)) return refuse("not authentic");
    // Only what is authentic may change the state.
    source.counter.advance(index);
    source.window.accept(index);
    if (known === undefined) this.#sources.set(ssrc, source);
    return { kind: "ok", bytes: bytes.subarray(0, end) };
  }

  /** Works in place: whatever the result, `bytes` is used up. */
  unprotectRtcp(bytes: Uint8Array): Unprotected {
    const cipher = this.#rtcp;
    const mkiSize = this.#mki.length;
    const end = bytes.length - cipher.tagSize - rtcpTrailerSize - mkiSize;
    if (end < rtcpClearSize || bytes[0] >> 6 !== 2) return refuse("malformed");
    const trailerAt = cipher.tagFollowsPayload ? end + cipher.tagSize : end;
    const mkiAt = trailerAt + rtcpTrailerSize;
    if (!this.#hasMki(bytes, mkiAt)) return refuse("unknown key identifier");
    const ssrc = readU32(bytes, 4);
    const known = this.#rtcpSources.get(ssrc);
    if (known === undefined && this.#rtcpSources.size >= maxSrtpSources) return refuse("too many sources");
    const trailer = readU32(bytes, trailerAt);
    const encrypted = trailer >= rtcpEncryptedFlag;
    const index = encrypted ? trailer - rtcpEncryptedFlag : trailer;
    const window = known ?? new ReplayWindow();
    if (!window.isFresh(index)) return refuse("replayed");
    const place = { start: 0, header: rtcpClearSize, end, ssrc, tagAt: mkiAt + mkiSize };
    if (!cipher.open(bytes, place, index, trailer, encrypted)) return refuse("not authentic");
    window.accept(index);
    if (known === undefined) this.#rtcpSources.set(ssrc, window);
    return { kind: "ok", bytes: bytes.subarray(0, end) };
  }

  close(): void {
    this.#rtp.close();
    this.#rtcp.close();
  }
}

/** Throws UserError when key or salt do not fit the profile. */
export function createSrtpReceiver(parameters: SrtpParameters): SrtpReceiver {
  return new SrtpReceiver(parameters);
}
