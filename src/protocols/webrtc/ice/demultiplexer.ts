/**
 * From packets to sessions: by their first byte (RFC 7983) and the address they come from; an address gets its session by
 * an authenticated binding request whose USERNAME names it. What belongs to nobody leaves nothing behind.
 */
import { ParseError } from "../../../base/errors.ts";
import type { NetAddress } from "../../../net/address.ts";
import type { Datagram } from "../../../net/udp/mod.ts";
import { localFragment } from "./engine/requests.ts";
import type { Link } from "./link.ts";
import type { RelayLink } from "./relay_link.ts";
import type { MuxSession } from "./session.ts";
import { packetKind } from "./wire/packet_kind.ts";
import { looksLikeStun, parseStun, type StunMessage } from "./wire/stun.ts";
import { checkFingerprint } from "./wire/stun_integrity.ts";

/** Requests of unknown addresses that are verified after one read; others are lost, and their senders repeat them. */
export const maxVerifiedPerRead = 64;

/** Takes everything that comes from its address: a STUN or TURN server. */
export type ServerHandler = (bytes: Uint8Array) => void;

export class Demultiplexer {
  /** By local username fragment. */
  readonly fragments = new Map<string, MuxSession>();
  /** Of the UDP socket, by `ip port`. */
  readonly #servers = new Map<string, Set<ServerHandler>>();
  ignored = 0;
  /** Sessions that media came for in the current read. */
  readonly #touched: MuxSession[] = [];
  readonly #control: Datagram[] = [];
  /** Relays that something came through in the current read. */
  #relays: RelayLink[] = [];

  /** `sessions` by the tag that their transactions begin with. */
  constructor(
    private readonly sessions: ReadonlyMap<number, MuxSession>,
    private readonly now: () => number,
  ) {}

  /** Everything that comes from this address goes to the handler, and to others of the same address. Gives the undo. */
  addServer({ ip, port }: NetAddress, handler: ServerHandler): () => void {
    const key = `${ip} ${port}`;
    const handlers = this.#servers.get(key) ?? new Set();
    this.#servers.set(key, handlers.add(handler));
    return () => {
      handlers.delete(handler);
      if (handlers.size === 0 && this.#servers.get(key) === handlers) this.#servers.delete(key);
    };
  }

  /** Handlers of servers that are being asked, or used. */
  get serverHandlers(): number {
    let count = 0;
    for (const handlers of this.#servers.values()) count += handlers.size;
    return count;
  }

  /** Packets of one read. Media first: it must not wait for whoever sends requests. */
  deliver(link: Link, packets: readonly Datagram[]): void {
    try {
      this.#deliver(link, packets);
      if (this.#relays.length > 0) this.flush();
    } finally {
      // Nothing stays for the next read, even when a session has thrown.
      this.#control.length = 0;
      this.#touched.length = 0;
    }
  }

  /** What a relay has unpacked waits for the rest of its read. */
  later(relay: RelayLink, from: NetAddress, bytes: Uint8Array): void {
    if (relay.receive(from, bytes)) this.#relays.push(relay);
  }

  flush(): void {
    const relays = this.#relays;
    this.#relays = [];
    for (const relay of relays) this.#deliver(relay, relay.takeReceived());
  }

  #deliver(link: Link, packets: readonly Datagram[]): void {
    const control = this.#control;
    for (const packet of packets) {
      const kind = packetKind(packet.bytes);
      if (kind === "other") this.ignored++;
      else if (kind !== "media") control.push(packet);
      else {
        const session = link.sessionOf(packet.from);
        if (session !== null) this.#take(session, packet.bytes);
        // The request that makes it somebody's may be in the same read.
        else if (control.length > 0) control.push(packet);
        else this.ignored++;
      }
    }
    this.#flushMedia();
    if (control.length === 0) return;
    this.#deliverControl(link, control);
    this.#flushMedia();
    control.length = 0;
  }

  #take(session: MuxSession, media: Uint8Array): void {
    if (session.takeMedia(media)) this.#touched.push(session);
  }

  #flushMedia(): void {
    let failure: { readonly error: unknown } | null = null;
    for (const session of this.#touched) {
      try {
        session.flushMedia();
      } catch (error) {
        // The others must not wait for ever for what they have got.
        failure ??= { error };
      }
    }
    this.#touched.length = 0;
    if (failure !== null) throw failure.error;
  }

  #deliverControl(link: Link, packets: readonly Datagram[]): void {
    const now = this.now();
    let budget = maxVerifiedPerRead;
    for (const { bytes, from } of packets) {
      if (this.#servers.size > 0 && link.kind === "udp") {
        const handlers = this.#servers.get(`${from.ip} ${from.port}`);
        if (handlers !== undefined) {
          for (const handler of [...handlers]) handler(bytes);
          continue;
        }
      }
      const session = link.sessionOf(from);
      const kind = packetKind(bytes);
      if (kind === "dtls" || kind === "media") {
        if (session === null) this.ignored++;
        else if (kind === "dtls") session.receiveDtls(bytes);
        else this.#take(session, bytes);
      } else if (session === null && budget === 0) this.ignored++;
      else if (!this.#receiveStun(link, from, bytes, now) && session === null) budget--;
    }
  }

  /** False when it was in vain. */
  #receiveStun(link: Link, from: NetAddress, bytes: Uint8Array, now: number): boolean {
    const session = looksLikeStun(bytes) ? this.#sessionOf(bytes) : undefined;
    if (session === undefined || !link.mayBind(from, session, now)) {
      this.ignored++;
      // Nothing was verified, so it does not count.
      return true;
    }
    const message = parseOrNull(bytes);
    if (message !== null && session.receiveStun(link, from, message, now)) return true;
    this.ignored++;
    return false;
  }

  #sessionOf(bytes: Uint8Array): MuxSession | undefined {
    // Answers have one of these bits of the class (RFC 8489 §5).
    if ((bytes[0] & 1) === 1) {
      return this.sessions.get((bytes[8] << 24 | bytes[9] << 16 | bytes[10] << 8 | bytes[11]) >>> 0);
    }
    const fragment = localFragment(bytes);
    return fragment === undefined ? undefined : this.fragments.get(fragment);
  }
}

/** Null for what is malformed, and for what was damaged on the way. */
function parseOrNull(bytes: Uint8Array): StunMessage | null {
  try {
    const message = parseStun(bytes);
    return checkFingerprint(message) === "wrong" ? null : message;
  } catch (error) {
    if (error instanceof ParseError) return null;
    throw error;
  }
}
