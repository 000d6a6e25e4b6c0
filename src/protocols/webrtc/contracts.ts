/**
 * What the parts of the WebRTC room promise each other. Data goes one way in each direction:
 *
 *     ice (sockets, connectivity) ─ DTLS datagrams ─→ dtls (keys, data) ─→ sctp (data channels)
 *                                 ─ SRTP datagrams ─→ media (decrypt, repair, ingest)
 *     media (packetise once, encrypt per reader) ─→ ice
 *
 * `negotiation` is pure: descriptions in, `NegotiatedMedia` out. `session.ts` ties one of each together.
 */
import type { Codec, MediaKind } from "../../codecs/codec.ts";
import type { NetAddress } from "../../net/address.ts";
import type { PacketBatch } from "../../net/udp/socket.ts";
import type { SrtpProfile } from "../../rtp/srtp/mod.ts";

/** RFC 8839 §5.4: what STUN messages of a session are authenticated with. */
export interface IceCredentials {
  readonly ufrag: string;
  readonly password: string;
}

/** RFC 8839 §5.1. `relatedAddress` is null for host candidates. */
export interface IceCandidate {
  readonly foundation: string;
  readonly component: 1 | 2;
  readonly transport: "udp" | "tcp";
  readonly priority: number;
  /** An address, or a name as additional hosts and mDNS candidates have. */
  readonly host: string;
  readonly port: number;
  readonly type: "host" | "srflx" | "prflx" | "relay";
  readonly relatedAddress: NetAddress | null;
  /** RFC 6544 §4.5; null for UDP. */
  readonly tcpType: "active" | "passive" | "so" | null;
}

/** `disconnected`: consent is being lost (RFC 7675) and may come back. `failed` and `closed` are final. */
export type IceState = "new" | "checking" | "connected" | "disconnected" | "failed" | "closed";

/** What a session is told. Must not throw. */
export interface IceEvents {
  /** One datagram of DTLS. */
  onDtls(datagram: Uint8Array): void;
  /** RTP and RTCP that arrived together, encrypted. The receiver owns the bytes and may alter them in place. */
  onMedia(datagrams: readonly Uint8Array[]): void;
  onState(state: IceState): void;
}

/** What was tried, for the log and the API: in plain words and in facts. */
export interface IceDiagnosis {
  readonly localCandidates: readonly string[];
  readonly remoteCandidates: readonly string[];
  /** Binding requests that came, by address they came from (bounded). */
  readonly requestsFrom: readonly string[];
  /** Both ends of the pair in use, as `type/protocol/address/port`; null when there is none. */
  readonly selectedPair: { readonly local: string; readonly remote: string } | null;
  /** Sentences: what went wrong as far as it can be told, and which key to set. Empty when connected. */
  readonly advice: readonly string[];
}

/** The connectivity of one session. Owned by the session, which closes it. */
export interface IceSession {
  readonly local: IceCredentials;
  /** True: `a=ice-lite` (RFC 8445 §2.5). */
  readonly lite: boolean;
  readonly state: IceState;
  /** All candidates of this side; waits for STUN and TURN servers no longer than configured. */
  gather(): Promise<readonly IceCandidate[]>;
  /** Called once with the peer's description, before packets are answered. */
  start(remote: IceCredentials, candidates: readonly IceCandidate[]): void;
  /** Trickle (RFC 8838). */
  addRemoteCandidate(candidate: IceCandidate): void;
  /** New credentials on both sides (RFC 8445 §2.4); media goes on over the old pair until the new one works. */
  restart(remote: IceCredentials): IceCredentials;
  /** Where the next batch for `send` can be built: see `UdpSocket.room`. */
  room(size: number): Uint8Array;
  /** To the selected pair; counted as dropped without one. Never waits, never throws; bytes must not change afterwards. */
  send(batch: PacketBatch): void;
  diagnose(): IceDiagnosis;
  close(): void;
}

/** Keying material of RFC 5764 §4.2, already split by direction. */
export interface SrtpKeys {
  readonly profile: SrtpProfile;
  readonly local: { readonly key: Uint8Array; readonly salt: Uint8Array };
  readonly remote: { readonly key: Uint8Array; readonly salt: Uint8Array };
}

/** `a=fingerprint` (RFC 8122 §5): `{algorithm: "sha-256", value: "AB:CD:…"}`. */
export interface DtlsFingerprint {
  readonly algorithm: string;
  readonly value: string;
}

/** What a DTLS association is made of. */
export interface DtlsOptions {
  /** `server` is `a=setup:passive`. */
  readonly role: "server" | "client";
  /** The peer's certificate must match one of these. */
  readonly remoteFingerprints: readonly DtlsFingerprint[];
  /** Datagrams of at most 1,200 bytes. */
  readonly send: (batch: PacketBatch) => void;
  /** Decrypted application data: SCTP. May come before who waits for `connected` goes on, never before the keys are proven. */
  readonly onData: (bytes: Uint8Array) => void;
  /** The peer has closed, or the association is broken; called once at the most, never after `close`. */
  readonly onClose: (reason: string) => void;
}

/** One association. Owned by the session, which closes it. */
export interface DtlsSession {
  /** Keys once the peer has proven who it is; rejects with UserError otherwise, and when closed before. */
  readonly connected: Promise<SrtpKeys>;
  receive(datagram: Uint8Array): void;
  /** At most `maxApplicationData` bytes (RangeError); ignored unless connected. */
  sendData(bytes: Uint8Array): void;
  /** Sends close_notify. */
  close(): void;
}

/** One certificate, used for all sessions of a server; two implementations pass one suite. */
export interface DtlsProvider {
  readonly name: "libssl" | "portable";
  readonly fingerprint: DtlsFingerprint;
  createSession(options: DtlsOptions): DtlsSession;
  close(): void;
}

/** Identifiers of RTP header extensions (RFC 8285) that were agreed on; absent means not used. */
export interface ExtensionIds {
  readonly mid?: number;
  readonly rid?: number;
  readonly repairedRid?: number;
  /** draft-holmer-rmcat-transport-wide-cc-extensions-01. */
  readonly transportSequence?: number;
}

/** One codec of a section that both sides can use. */
export interface NegotiatedCodec {
  readonly codec: Codec;
  readonly payloadType: number;
  readonly clockRate: number;
  /** Payload type of RFC 4588 retransmissions; null: repeat the packet as it was. */
  readonly rtxPayloadType: number | null;
  readonly nack: boolean;
  readonly pli: boolean;
  readonly fir: boolean;
  readonly transportWide: boolean;
  readonly remb: boolean;
}

/** One audio or video section of the description, as agreed. */
export interface NegotiatedMedia {
  readonly mid: string;
  readonly kind: Extract<MediaKind, "audio" | "video">;
  /** Publishing: all that may come, preferred first. Reading: exactly one. */
  readonly codecs: readonly NegotiatedCodec[];
  readonly extensions: ExtensionIds;
  /** Publishing: layers of simulcast (RFC 8853), in the order of the offer; empty without. */
  readonly rids: readonly string[];
  /** Publishing: what the offer says about its sources, primary with its retransmission; may be empty. */
  readonly sources: readonly { readonly ssrc: number; readonly rtxSsrc: number | null }[];
  /** Reading: id of the stream's track that is sent here; null when publishing. */
  readonly trackId: number | null;
}
