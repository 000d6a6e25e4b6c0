/**
 * One association of DTLS 1.2 (RFC 6347): ECDHE with certificates, AES-128-GCM, extended master secret, use_srtp.
 * No resumption, no renegotiation, no compression. There is no HelloVerifyRequest of ours: connectivity checks have
 * authenticated the peer's address before its first record is looked at.
 */
import { timingSafeEqual } from "node:crypto";
import { concat } from "../../../../base/bytes.ts";
import { ParseError } from "../../../../base/errors.ts";
import type { DtlsAssociation } from "../association.ts";
import { contentType } from "../records.ts";
import { alerts, DtlsFailure } from "./failure.ts";
import { Flight, type FlightPart } from "./flight.ts";
import { createMessage, type HandshakeMessage, handshakeType, Reassembler } from "./handshake_message.ts";
import { type PlainRecord, RecordLayer } from "./record_layer.ts";
import {
  exportKeyingMaterial,
  masterSecret,
  type Randoms,
  sha256,
  trafficKeys,
  verifyData,
} from "./secrets.ts";
import type { Signer } from "./signatures.ts";

const alertLevel = { warning: 1, fatal: 2 } as const;

/** What a role does with the messages of its peer. */
export interface Handshake {
  /** The flight that opens the conversation; the server has none. */
  start(): readonly FlightPart[] | null;
  /** A flight when it is this side's turn, null when the peer goes on. Throws DtlsFailure and ParseError. */
  handle(message: HandshakeMessage): readonly FlightPart[] | null;
}

/** What both roles have: the transcript, the secrets, what was agreed on. */
export class HandshakeContext {
  readonly transcript: Uint8Array[] = [];
  srtpProfile: number | null = null;
  peerCertificate: Uint8Array | null = null;
  done = false;
  randoms: Randoms = { client: new Uint8Array(0), server: new Uint8Array(0) };
  extendedMasterSecret = false;
  #master = new Uint8Array(0) as Uint8Array;
  #sendSequence = 0;

  constructor(
    readonly role: "server" | "client",
    readonly signer: Signer,
    private readonly records: RecordLayer,
  ) {}

  /** The next message of ours, noted in the transcript. */
  message(type: number, body: Uint8Array, epoch: 0 | 1 = 0): FlightPart {
    const message = createMessage(type, this.#sendSequence++, body);
    this.transcript.push(message.whole);
    return { kind: "message", epoch, message };
  }

  /** After ClientKeyExchange is in the transcript. */
  deriveKeys(shared: Uint8Array): void {
    const sessionHash = this.extendedMasterSecret ? sha256(this.transcript) : null;
    this.#master = masterSecret(shared, this.randoms, sessionHash);
    const keys = trafficKeys(this.#master, this.randoms);
    this.records.setSendKeys(this.role === "client" ? keys.client : keys.server);
    this.records.setReceiveKeys(this.role === "client" ? keys.server : keys.client);
  }

  /** ChangeCipherSpec and Finished. */
  finish(): FlightPart[] {
    const data = verifyData(this.#master, this.role, this.transcript);
    return [{ kind: "changeCipherSpec" }, this.message(handshakeType.finished, data, 1)];
  }

  /** Throws DtlsFailure unless the peer has seen the same handshake as we have. */
  checkFinished(body: Uint8Array): void {
    const sender = this.role === "client" ? "server" : "client";
    const expected = verifyData(this.#master, sender, this.transcript);
    if (body.length !== expected.length || !timingSafeEqual(body, expected)) {
      throw new DtlsFailure(alerts.decryptError, "the peer's Finished does not fit the handshake");
    }
  }

  exportKeys(label: string, size: number): Uint8Array {
    return exportKeyingMaterial(this.#master, this.randoms, label, size);
  }
}

type End = { readonly kind: "closed" } | { readonly kind: "failed"; readonly error: DtlsFailure };

/** Records and time in, records out. */
export class PortableAssociation implements DtlsAssociation {
  readonly #records = new RecordLayer();
  readonly #reassembler = new Reassembler();
  readonly #context: HandshakeContext;
  readonly #handshake: Handshake;
  readonly #flight: Flight;
  #out: Uint8Array[] = [];
  #received: Uint8Array[] = [];
  #end: End | null = null;

  constructor(
    role: "server" | "client",
    signer: Signer,
    createHandshake: (context: HandshakeContext) => Handshake,
    now: number,
  ) {
    this.#context = new HandshakeContext(role, signer, this.#records);
    this.#flight = new Flight(this.#records, (record) => this.#out.push(record));
    this.#handshake = createHandshake(this.#context);
    const first = this.#handshake.start();
    if (first !== null) this.#flight.send(first, now, true);
  }

  feed(datagram: Uint8Array, now: number): void {
    this.#guard(() => {
      let repeated = this.#handle(this.#records.open(datagram), now);
      repeated = this.#handle(this.#records.openEarly(), now) || repeated;
      if (repeated) this.#flight.repeat(now);
    });
  }

  /** True when the peer repeats itself. */
  #handle(records: readonly PlainRecord[], now: number): boolean {
    let repeated = false;
    for (const record of records) {
      if (this.#end !== null) break;
      // What is not authenticated counts only as long as nothing else is there.
      if (record.epoch === 0 && this.#context.done) continue;
      if (record.type === contentType.handshake) repeated = this.#takeHandshake(record, now) || repeated;
      else if (record.type === contentType.alert) this.#takeAlert(record);
      else if (record.type === contentType.applicationData && record.epoch === 1 && this.#context.done) {
        this.#received.push(record.payload);
      }
      // ChangeCipherSpec says nothing that the epoch of the records does not.
    }
    return repeated;
  }

  #takeHandshake(record: PlainRecord, now: number): boolean {
    const { repeated } = this.#reassembler.add(record.payload, record.epoch);
    for (;;) {
      // A renegotiation is not taken up.
      const message = this.#context.done ? null : this.#reassembler.next();
      if (message === null) return repeated;
      const answer = this.#handshake.handle(message);
      const { done } = this.#context;
      if (answer !== null) this.#flight.send(answer, now, !done);
      else if (done) this.#flight.finish();
      if (done) this.#context.transcript.length = 0;
    }
  }

  #takeAlert({ payload }: PlainRecord): void {
    if (payload.length !== 2) return;
    const [level, description] = payload;
    if (description === alerts.closeNotify) this.#end = { kind: "closed" };
    else if (level === alertLevel.fatal) {
      const error = new DtlsFailure(description, `the peer ended the association with alert ${description}`);
      this.#end = { kind: "failed", error };
    }
  }

  /** Failures of the peer end the association and are told to it; read and handshake tell them to the caller. */
  #guard(action: () => void): void {
    if (this.#end !== null) return;
    try {
      action();
    } catch (error) {
      const failure = error instanceof ParseError
        ? new DtlsFailure(alerts.decodeError, error.message)
        : error;
      if (!(failure instanceof DtlsFailure)) throw error;
      if (this.#context.done) return;
      this.#alert(alertLevel.fatal, failure.alert);
      this.#end = { kind: "failed", error: failure };
    }
  }

  #alert(level: number, description: number): void {
    const epoch = this.#context.done ? 1 : 0;
    this.#out.push(this.#records.seal(contentType.alert, epoch, Uint8Array.of(level, description)));
  }

  handshake(): boolean {
    if (this.#end?.kind === "failed") throw this.#end.error;
    if (this.#end !== null && !this.#context.done) {
      throw new DtlsFailure(alerts.closeNotify, "the peer closed the association");
    }
    return this.#context.done;
  }

  read(): Uint8Array | "wait" | "closed" {
    const bytes = this.#received.shift();
    if (bytes !== undefined) return bytes;
    if (this.#end === null) return "wait";
    if (this.#end.kind === "failed") throw this.#end.error;
    return "closed";
  }

  write(bytes: Uint8Array): void {
    if (this.#end !== null || !this.#context.done) return;
    this.#out.push(this.#records.seal(contentType.applicationData, 1, bytes));
  }

  handleTimeout(now: number): void {
    this.#guard(() => this.#flight.tick(now));
    if (this.#end?.kind === "failed") throw this.#end.error;
  }

  takeOutput(): Uint8Array | null {
    return this.#out.length === 0 ? null : concat(this.#out.splice(0));
  }

  peerCertificate(): Uint8Array | null {
    return this.#context.peerCertificate;
  }

  srtpProfile(): number | null {
    return this.#context.srtpProfile;
  }

  exportKeys(label: string, size: number): Uint8Array {
    return this.#context.exportKeys(label, size);
  }

  shutdown(): void {
    if (this.#end?.kind !== "failed") this.#alert(alertLevel.warning, alerts.closeNotify);
  }

  free(): void {
    this.#end ??= { kind: "closed" };
    this.#flight.finish();
    this.#out = [];
    this.#received = [];
  }
}
