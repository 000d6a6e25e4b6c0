import { UserError } from "../../base/errors.ts";
import type { NetAddress } from "../../net/address.ts";
import { bindUdp, type UdpSocket } from "../../net/udp/mod.ts";
import { addSent, nothingSent, type RtspFanout, type RtspSeat } from "./fanout/rtsp_fanout.ts";
import type { UdpPair } from "./fanout/datagram.ts";

const multicastTtl = 127;

/** Hands out the IPv4 addresses of `multicastIPRange`, one for each media section that somebody reads. */
export class MulticastPool {
  readonly #first: number;
  readonly #count: number;
  readonly #used = new Set<number>();
  #next = 0;

  /** `range` in CIDR notation, e.g. `224.1.0.0/16`. */
  constructor(
    range: string,
    readonly rtpPort: number,
    readonly rtcpPort: number,
    private readonly fastPath: "auto" | "no",
  ) {
    const [ip, bits] = range.split("/");
    this.#first = ip.split(".").reduce((sum, part) => sum * 256 + Number(part), 0);
    this.#count = 2 ** (32 - Number(bits ?? 32));
  }

  /** Takes an address and opens the sockets that send to it. Throws UserError when none is free. */
  async open(): Promise<MulticastGroup> {
    if (this.#used.size >= this.#count) throw new UserError("all addresses of multicastIPRange are in use");
    while (this.#used.has(this.#next)) this.#next = (this.#next + 1) % this.#count;
    const index = this.#next;
    const ip = ipText(this.#first + index);
    this.#used.add(index);
    this.#next = (index + 1) % this.#count;
    const sockets: UdpSocket[] = [];
    const close = () => {
      for (const socket of sockets) socket.close();
      this.#used.delete(index);
    };
    try {
      for (let i = 0; i < 2; i++) sockets.push(await this.#bind());
    } catch (error) {
      close();
      throw error;
    }
    const [rtp, rtcp] = sockets;
    return {
      pair: { rtp, rtcp },
      rtp: { ip, port: this.rtpPort },
      rtcp: { ip, port: this.rtcpPort },
      close,
    };
  }

  #bind(): Promise<UdpSocket> {
    return bindUdp({
      hostname: "0.0.0.0",
      port: 0,
      readBufferSize: 0,
      fastPath: this.fastPath,
      multicast: { ttl: multicastTtl },
    });
  }
}

function ipText(value: number): string {
  return [24, 16, 8, 0].map((shift) => (value >>> shift) & 0xff).join(".");
}

/** One media section on its way to one multicast address. */
export interface MulticastGroup {
  readonly pair: UdpPair;
  readonly rtp: NetAddress;
  readonly rtcp: NetAddress;
  close(): void;
}

interface Joined {
  readonly group: Promise<MulticastGroup>;
  /** Sessions that asked for the group with SETUP. */
  users: number;
  /** Sessions that play. */
  players: number;
  seat: RtspSeat | null;
}

/** The multicast groups of one stream, by media index: opened by the first reader, closed after the last. */
export class StreamMulticast {
  readonly #joined = new Map<number, Joined>();

  constructor(
    private readonly pool: MulticastPool,
    private readonly fanout: RtspFanout,
    private readonly secure: boolean,
  ) {}

  /** For SETUP. Pair with one `release`, also when it fails. */
  use(mediaIndex: number): Promise<MulticastGroup> {
    let joined = this.#joined.get(mediaIndex);
    if (joined === undefined) {
      joined = { group: this.pool.open(), users: 0, players: 0, seat: null };
      this.#joined.set(mediaIndex, joined);
    }
    joined.users++;
    return joined.group;
  }

  /** For PLAY: the group flows while anybody plays it. */
  play(mediaIndex: number, trackIds: readonly number[], group: MulticastGroup, now: number): RtspSeat {
    const joined = this.#joined.get(mediaIndex)!;
    const { pair, rtp, rtcp } = group;
    const seat = joined.seat ??= this.fanout.addDatagram(
      { trackIds, secure: this.secure, pair, rtp, rtcp },
      [],
      now,
    );
    joined.players++;
    const before = seat.sent();
    return {
      sent: () => addSent(nothingSent, seat.sent(), before),
      leave: () => {
        if (--joined.players > 0) return;
        joined.seat?.leave();
        joined.seat = null;
      },
    };
  }

  release(mediaIndex: number): void {
    const joined = this.#joined.get(mediaIndex);
    if (joined === undefined || --joined.users > 0) return;
    this.#joined.delete(mediaIndex);
    joined.group.then((group) => group.close(), () => {});
  }
}
