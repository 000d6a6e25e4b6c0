/** Two ends of an association with a wire between them that tests can spoil. */
import type { PacketBatch } from "../../../../src/net/udp/socket.ts";
import type {
  DtlsFingerprint,
  DtlsProvider,
  DtlsSession,
} from "../../../../src/protocols/webrtc/contracts.ts";
import { guarded } from "../../../support/guarded.ts";
import type { Random } from "../../../support/random.ts";

export interface End {
  readonly session: DtlsSession;
  readonly data: Uint8Array[];
  readonly closeReasons: string[];
}

/** Gets each datagram on its way; what it gives arrives. */
export type Spoil = (datagram: Uint8Array, to: "server" | "client") => readonly Uint8Array[];

export interface PairOptions {
  readonly server: DtlsProvider;
  readonly client: DtlsProvider;
  /** What each side expects of the other; the truth when absent. */
  readonly expectedByServer?: readonly DtlsFingerprint[];
  readonly expectedByClient?: readonly DtlsFingerprint[];
  readonly spoil?: Spoil;
}

export function datagramsOf({ bytes, sizes }: PacketBatch): Uint8Array[] {
  let at = 0;
  return sizes.map((size) => bytes.subarray(at, at += size));
}

/** Datagrams arrive one after the other, never inside the call that sent them. */
export class Pair {
  readonly server: End;
  readonly client: End;
  readonly largest = { server: 0, client: 0 };
  readonly #queue: { to: "server" | "client"; datagram: Uint8Array }[] = [];
  #pumping = false;

  constructor(private readonly options: PairOptions) {
    const { server, client } = options;
    this.server = this.#open(server, "server", options.expectedByServer ?? [client.fingerprint]);
    this.client = this.#open(client, "client", options.expectedByClient ?? [server.fingerprint]);
  }

  #open(
    provider: DtlsProvider,
    role: "server" | "client",
    remoteFingerprints: readonly DtlsFingerprint[],
  ): End {
    const data: Uint8Array[] = [];
    const closeReasons: string[] = [];
    const to = role === "server" ? "client" : "server";
    const session = provider.createSession({
      role,
      remoteFingerprints,
      send: (batch) => {
        for (const datagram of datagramsOf(batch)) this.#send(datagram, to);
      },
      onData: (bytes) => data.push(bytes),
      onClose: (reason) => closeReasons.push(reason),
    });
    return { session, data, closeReasons };
  }

  #send(datagram: Uint8Array, to: "server" | "client"): void {
    this.largest[to] = Math.max(this.largest[to], datagram.length);
    const arriving = this.options.spoil?.(datagram, to) ?? [datagram];
    for (const each of arriving) this.#queue.push({ to, datagram: each });
    if (this.#pumping) return;
    this.#pumping = true;
    queueMicrotask(() => this.#pump());
  }

  #pump(): void {
    for (;;) {
      const next = this.#queue.shift();
      if (next === undefined) break;
      this[next.to].session.receive(next.datagram);
    }
    this.#pumping = false;
  }

  /** Delivers what is under way. */
  settle(): Promise<void> {
    return new Promise((resolve) => setTimeout(resolve, 0));
  }

  connected() {
    return guarded(
      "the handshake",
      Promise.all([this.server.session.connected, this.client.session.connected]),
    );
  }

  close(): void {
    this.client.session.close();
    this.server.session.close();
  }
}

/** Loses, doubles and reorders, by chance of the seed. */
export function unreliable(random: Random, loss: number): Spoil {
  const held: { server: Uint8Array | null; client: Uint8Array | null } = { server: null, client: null };
  return (datagram, to) => {
    if (random.next() < loss) return [];
    const before = held[to];
    held[to] = null;
    if (before === null && random.next() < 0.1) {
      held[to] = datagram;
      return [];
    }
    const copies = random.next() < 0.1 ? [datagram, datagram] : [datagram];
    return before === null ? copies : [...copies, before];
  };
}

const handshakeRecord = 22;

/** Cuts every plain handshake message in two records, each in a datagram of its own, the later half first. */
export function fragmented(): Spoil {
  const sequences = { server: 0, client: 0 };
  const number = (record: Uint8Array, to: "server" | "client") => {
    const out = record.slice();
    new DataView(out.buffer).setUint32(7, sequences[to]++);
    return out;
  };
  return (datagram, to) => {
    const out: Uint8Array[] = [];
    for (const record of recordsOf(datagram)) {
      const plain = record[3] === 0 && record[4] === 0;
      if (!plain) out.push(record);
      else if (record[0] === handshakeRecord) {
        for (const half of halves(record).reverse()) out.push(number(half, to));
      } else out.push(number(record, to));
    }
    return out;
  };
}

export function recordsOf(datagram: Uint8Array): Uint8Array[] {
  const out: Uint8Array[] = [];
  for (let at = 0; at < datagram.length;) {
    const end = at + 13 + (datagram[at + 11] << 8 | datagram[at + 12]);
    out.push(datagram.subarray(at, end));
    at = end;
  }
  return out;
}

function halves(record: Uint8Array): Uint8Array[] {
  const body = record.subarray(25);
  const offset = record[19] << 16 | record[20] << 8 | record[21];
  const cut = body.length >> 1;
  return [[0, cut], [cut, body.length]].map(([start, end]) => {
    const out = new Uint8Array(25 + end - start);
    out.set(record.subarray(0, 25));
    const view = new DataView(out.buffer);
    view.setUint16(11, 12 + end - start);
    view.setUint32(18, (record[18] << 24 | offset + start) >>> 0);
    out.set([0, end - start >> 8, end - start & 0xff], 22);
    out.set(body.subarray(start, end), 25);
    return out;
  });
}
